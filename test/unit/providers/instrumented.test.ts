// The decorator: a deadline for each call, durations, outcomes by kind, and nothing else.

import { describe, expect, test } from "vitest";
import { providerError } from "../../../src/core/provider/error.ts";
import { type RemoteRef, remoteRefId, type SecretProvider } from "../../../src/core/provider/port.ts";
import { failed, ok } from "../../../src/core/result.ts";
import { instrumentProvider } from "../../../src/providers/instrumented.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const NEVER = new AbortController().signal;

function refTo(key: string): RemoteRef {
  return { key, version: undefined, metadataPolicy: "None" };
}

function rig(overrides: Partial<SecretProvider> = {}) {
  const clock = new FakeClock();
  const calls: [string, number][] = [];
  const outcomes: [string, string][] = [];
  const absent = failed(providerError("notFound", "none"));
  const fake: SecretProvider = {
    readVersions: (refs) => Promise.resolve(new Map(refs.map((ref) => [remoteRefId(ref), ok(undefined)]))),
    readSecrets: (refs) => Promise.resolve(new Map(refs.map((ref) => [remoteRefId(ref), absent]))),
    find: () => Promise.resolve(ok([])),
    validate: () => Promise.resolve(failed(providerError("throttled", "wait"))),
    close: () => Promise.resolve(),
    ...overrides,
  };
  const metrics = {
    observeCall: (operation: string, seconds: number) => calls.push([operation, seconds]),
    countOutcome: (operation: string, outcome: string) => outcomes.push([operation, outcome]),
  };
  return { clock, calls, outcomes, provider: instrumentProvider(fake, { clock, metrics, deadlineMs: 30_000 }) };
}

test("a read counts each reference, other calls count once", async () => {
  const { provider, calls, outcomes } = rig();
  await provider.readVersions([refTo("a"), refTo("b")], NEVER);
  await provider.readSecrets([refTo("a")], NEVER);
  await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER);
  await provider.validate(NEVER);
  expect(outcomes).toEqual([
    ["readVersions", "ok"],
    ["readVersions", "ok"],
    ["readSecrets", "notFound"],
    ["find", "ok"],
    ["validate", "throttled"],
  ]);
  expect(calls.map(([operation]) => operation)).toEqual(["readVersions", "readSecrets", "find", "validate"]);
});

describe("the deadline", () => {
  /** Answers `unavailable` once its signal aborts. */
  const slow: SecretProvider["validate"] = (signal) =>
    new Promise((resolve) =>
      signal.addEventListener("abort", () => resolve(failed(providerError("unavailable", "too late")))),
    );

  test("ends a call that takes too long, and its duration is seconds", async () => {
    const { provider, clock, calls, outcomes } = rig({ validate: slow });
    const answer = provider.validate(NEVER);
    clock.advance(30_000);
    expect(await answer).toMatchObject({ ok: false, error: { kind: "unavailable" } });
    expect([calls, outcomes]).toEqual([[["validate", 30]], [["validate", "unavailable"]]]);
  });

  test("gives way to the caller's own, and leaves no timer", async () => {
    const { provider, clock } = rig({ validate: slow });
    const caller = new AbortController();
    const answer = provider.validate(caller.signal);
    caller.abort();
    await answer;
    expect(clock.pendingMs()).toEqual([]);
  });
});

test("a throw passes through, is timed, and counts as no outcome", async () => {
  const { provider, clock, calls, outcomes } = rig({ validate: () => Promise.reject(new Error("surprise")) });
  await expect(provider.validate(NEVER)).rejects.toThrow("surprise");
  expect([calls.length, outcomes, clock.pendingMs()]).toEqual([1, [], []]);
});
