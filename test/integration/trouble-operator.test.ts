// The operator itself in trouble: killed in the middle of its work, and told to stop while Vault is silent. One after
// the other; each test leaves a running operator behind.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FaultProxy } from "../support/fault-proxy.ts";
import { silence } from "../support/stub-vault.ts";
import { isRecord, type JsonRecord, listAt, optionalTextAt, valueAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import type { Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

/** What the contract allows from the new process's readiness on. */
const RIGHT_AGAIN_MS = 10_000;
const STOP_MS = 10_000;
const names = Array.from({ length: 40 }, (_, index) => `db-${index}`);

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

/** Each Secret's two values, by name; they come from one remote secret, so a whole Secret holds them equal. */
async function values(team: Team): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const list = await ok(team.rig.api.get(`/api/v1/namespaces/${team.namespace}/secrets`));
  return new Map(
    listAt(list, "items").map((secret) => {
      const data = valueAt(secret, "data");
      const texts = isRecord(data) ? Object.values(data) : [];
      return [optionalTextAt(secret, "metadata", "name") ?? "", texts.map((text) => decoded(text))];
    }),
  );
}

function decoded(text: unknown): string {
  return Buffer.from(String(text), "base64").toString("utf8");
}

/** Waits until at least `count` Secrets hold `value`, and finds none partial on the way. */
async function waitWhole(team: Team, { value, count, timeoutMs }: Progress): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    const all = [...(await values(team)).values()];
    for (const [one, other, ...more] of all) expect([other, more]).toEqual([one, []]);
    return all.filter(([one]) => one === value).length >= count ? true : undefined;
  };
  await waitUntil(`${count} Secrets hold what is wanted`, probe, { timeoutMs, intervalMs: 10 });
}

interface Progress {
  readonly value: string;
  readonly count: number;
  readonly timeoutMs: number;
}

test("killed with -9 in mid-sync, again and again, it is right again within 10 s: no Secret partial, no revision lost", async () => {
  const team = await world.team();
  const write = (value: string) => team.putSecret("db", { a: value, b: value });
  await write(team.value("round-0"));
  // Few requests a second, so that a round takes seconds and there is a middle to be killed in.
  await team.applyStore("vault", {}, { limits: { requestsPerSecond: 20, maxInFlight: 4 } });
  await team.waitStore();
  const data = ["a", "b"].map((property) => dataEntry(property, team.key("db"), property));
  const objects = names.map((name) => ({
    apiVersion: "fairlead.dev/v1",
    kind: "ExternalSecret",
    metadata: { namespace: team.namespace, name },
    spec: { secretStoreRef: { name: "vault" }, refreshInterval: "1s", data },
  }));
  await team.apply({ apiVersion: "v1", kind: "List", items: objects });

  for (const [round, count] of [1, 8, 16, 32].entries()) {
    const value = team.value(`round-${round}`);
    if (round > 0) await write(value);
    await waitWhole(team, { value, count, timeoutMs: 30_000 });
    await world.operator.signal("SIGKILL");
    await world.operator.exited;
    await world.restart("SIGKILL");
    const endsAtMs = performance.now() + RIGHT_AGAIN_MS;
    await waitWhole(team, { value, count: names.length, timeoutMs: RIGHT_AGAIN_MS });
    const version = String(round + 1);
    for (const name of names) {
      const isTold = (object: JsonRecord): boolean => valueAt(object, "status", "versionSummary") === version;
      const timeoutMs = endsAtMs - performance.now();
      expectSaneHistory(await team.waitExternalSecret(name, { ready: "True", where: isTold, timeoutMs }), round + 1);
    }
  }
});

/** One revision for each content that was written, newest first, each from the version of the one before it. */
function expectSaneHistory(object: JsonRecord, revision: number): void {
  const history = listAt(object, "status", "history");
  const steps = history.map((entry) => [
    valueAt(entry, "revision"),
    valueAt(entry, "changed", 0, "from"),
    valueAt(entry, "changed", 0, "to"),
  ]);
  const wanted = Array.from({ length: revision }, (_, index) => {
    const to = revision - index;
    return [to, to === 1 ? undefined : String(to - 1), String(to)];
  });
  expect({ revision: valueAt(object, "status", "revision"), steps }).toEqual({ revision, steps: wanted });
}

/** Accessors of the living tokens of the team's ServiceAccount. */
async function livingTokens(team: Team): Promise<readonly string[]> {
  const { vault } = team.rig;
  const accessors = listAt((await vault.request("LIST", "auth/token/accessors")).body, "data", "keys").map(String);
  const living = await Promise.all(
    accessors.map(async (accessor) => {
      const found = (await vault.request("PUT", "auth/token/lookup-accessor", { accessor })).body;
      return valueAt(found, "data", "display_name") === displayName(team);
    }),
  );
  return accessors.filter((_, index) => living[index]);
}

function displayName(team: Team): string {
  return `kubernetes-${team.namespace}-reader`;
}

async function syncedTeam(vault: JsonRecord = {}): Promise<Team> {
  const team = await world.team();
  await team.putSecret("db", { password: team.value() });
  await team.applyStore("vault", vault);
  await team.applyExternalSecret("db", {
    refreshInterval: "1s",
    data: [dataEntry("password", team.key("db"), "password")],
  });
  await team.waitExternalSecret("db");
  return team;
}

/** Sends SIGTERM, expects a clean end in time, and leaves a new operator behind. */
async function expectCleanStop(): Promise<void> {
  const startMs = performance.now();
  expect(await world.operator.stop("SIGTERM")).toEqual({ code: 0, signal: undefined });
  expect(performance.now() - startMs).toBeLessThan(STOP_MS);
}

test("SIGTERM ends it with exit code 0 within 10 s, and its Vault tokens are revoked", async () => {
  const teams = [await syncedTeam(), await syncedTeam()];
  for (const team of teams) expect(await livingTokens(team)).toHaveLength(1);
  const mark = await world.rig.audit.vault.mark();
  await expectCleanStop();
  for (const team of teams) {
    const revoked = { type: "request", path: "auth/token/revoke-self", displayName: displayName(team) } as const;
    expect(await world.rig.audit.vault.countSince(mark, revoked)).toBe(1);
    expect(await livingTokens(team)).toEqual([]);
  }
  await world.restart();
});

test("SIGTERM while one Vault is silent ends it with exit code 0 within 10 s, and the others' tokens are revoked", async () => {
  const { directory } = world.rig.handle;
  const proxy = await FaultProxy.start(world.rig.vault, {
    certificatePem: await readFile(join(directory, "vault.crt"), "utf8"),
    privateKeyPem: await readFile(join(directory, "vault.key"), "utf8"),
  });
  const [, healthy] = [await syncedTeam({ server: proxy.address }), await syncedTeam()];
  proxy.faultFor = () => silence;
  const isAsked = (): Promise<true | undefined> => Promise.resolve(proxy.faulted > 0 ? true : undefined);
  await waitUntil("a request waits for the silent Vault", isAsked, { timeoutMs: 30_000 });
  await expectCleanStop();
  expect(await livingTokens(healthy)).toEqual([]);
  await proxy.close();
  await world.restart();
});
