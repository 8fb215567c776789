// One login for all who wait, and keys that are renewed in time.

import { describe, expect, test } from "vitest";
import { providerError } from "../../../../src/core/provider/error.ts";
import { failed, ok } from "../../../../src/core/result.ts";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import type { AwsCredentials, Credentials } from "../../../../src/providers/aws/credentials.ts";
import { createAwsSession } from "../../../../src/providers/aws/session.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const NEVER = new AbortController().signal;
const MINUTE_MS = 60_000;

function keys(accessKeyId: string, lifeMs: number): AwsCredentials {
  const secret = SecretValue.ofUtf8("made-up");
  return { accessKeyId, secretAccessKey: secret, sessionToken: secret, lifeMs, accountId: undefined };
}

/** Logins that end when the test says so. */
function rig(lifeMs = 60 * MINUTE_MS) {
  const clock = new FakeClock();
  const logins: PromiseWithResolvers<Credentials>[] = [];
  const failures: string[] = [];
  const session = createAwsSession({
    clock,
    login: () => {
      const login = Promise.withResolvers<Credentials>();
      logins.push(login);
      return login.promise;
    },
    onRenewalFailed: ({ kind }) => failures.push(kind),
    onRenewalThrew: (cause) => failures.push(String(cause)),
  });
  const finish = async (outcome: Credentials = ok(keys(`key-${logins.length}`, lifeMs))): Promise<void> => {
    logins.at(-1)?.resolve(outcome);
    await settled();
  };
  const idOf = async (credentials: Promise<Credentials>): Promise<string> => {
    const answer = await credentials;
    return answer.ok ? answer.value.accessKeyId : answer.error.kind;
  };
  return { clock, logins, failures, session, finish, idOf };
}

/** Lets promises that are settled tell it on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

const refused = failed(providerError("unauthenticated", "refused"));

describe("the session", () => {
  test("logs in once for a hundred who wait", async () => {
    const { session, logins, finish, idOf } = rig();
    const waiting = Array.from({ length: 100 }, () => idOf(session.credentials(NEVER)));
    await finish();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["key-1"]));
    expect(logins.length).toBe(1);
  });

  test("lets one of those go without the others", async () => {
    const { session, logins, finish, idOf } = rig();
    const leaving = new AbortController();
    const [left, stayed] = [idOf(session.credentials(leaving.signal)), idOf(session.credentials(NEVER))];
    leaving.abort();
    expect(await left).toBe("unavailable");
    await finish();
    expect([await stayed, logins.length]).toEqual(["key-1", 1]);
  });

  test.each([
    { life: "an hour", lifeMs: 60 * MINUTE_MS, quietMs: 54 * MINUTE_MS, dueMs: 55 * MINUTE_MS },
    { life: "a minute", lifeMs: MINUTE_MS, quietMs: 44_000, dueMs: 45_000 },
  ])("renews keys of $life beside their use, before they end", async ({ lifeMs, quietMs, dueMs }) => {
    const { clock, session, logins, finish, idOf } = rig(lifeMs);
    const first = idOf(session.credentials(NEVER));
    await finish();
    await first;
    clock.advance(quietMs);
    await session.credentials(NEVER);
    expect(logins.length).toBe(1);
    clock.advance(dueMs - quietMs);
    expect(await idOf(session.credentials(NEVER))).toBe("key-1");
    expect(logins.length).toBe(2);
    await finish();
    expect(await idOf(session.credentials(NEVER))).toBe("key-2");
  });

  test("uses keys while their renewal fails, tries again after a pause, and waits once they have ended", async () => {
    const { clock, session, logins, failures, finish, idOf } = rig();
    const first = idOf(session.credentials(NEVER));
    await finish();
    await first;
    clock.advance(56 * MINUTE_MS);
    for (const pauseMs of [0, 9_999]) {
      clock.advance(pauseMs);
      expect(await idOf(session.credentials(NEVER))).toBe("key-1");
      if (pauseMs === 0) await finish(refused);
    }
    expect([logins.length, failures]).toEqual([2, ["unauthenticated"]]);
    clock.advance(4 * MINUTE_MS);
    const late = idOf(session.credentials(NEVER));
    await finish(refused);
    expect(await late).toBe("unauthenticated");
    expect(session.current).toBeUndefined();
  });

  test("tells of a renewal that threw, which nobody else would hear of, and goes on", async () => {
    const { clock, session, logins, failures, finish, idOf } = rig();
    const first = idOf(session.credentials(NEVER));
    await finish();
    await first;
    clock.advance(56 * MINUTE_MS);
    await session.credentials(NEVER);
    logins.at(-1)?.reject(new Error("surprise"));
    await settled();
    expect(failures).toEqual(["Error: surprise"]);
    expect(await idOf(session.credentials(NEVER))).toBe("key-1");
  });

  test("replaces keys once for all who saw them refused", async () => {
    const { session, logins, finish, idOf } = rig();
    const first = session.credentials(NEVER);
    await finish();
    const dead = await first;
    if (!dead.ok) throw new Error("no keys");
    const waiting = Array.from({ length: 10 }, () => idOf(session.replace(dead.value, NEVER)));
    await finish();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["key-2"]));
    expect(await idOf(session.replace(dead.value, NEVER))).toBe("key-2");
    expect(logins.length).toBe(2);
  });

  test("never renews keys that do not end", async () => {
    const { clock, session, logins, finish } = rig(Number.POSITIVE_INFINITY);
    const first = session.credentials(NEVER);
    await finish();
    await first;
    clock.advance(1_000 * 60 * MINUTE_MS);
    await session.credentials(NEVER);
    expect(logins.length).toBe(1);
  });

  test("has nothing to give once it is closed, also to those who wait", async () => {
    const { session, finish, idOf } = rig();
    const waiting = idOf(session.credentials(NEVER));
    session.close();
    await finish();
    expect([await waiting, await idOf(session.credentials(NEVER))]).toEqual(["unavailable", "unavailable"]);
    expect(session.current).toBeUndefined();
  });
});
