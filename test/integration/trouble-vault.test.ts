// Vault itself in trouble: sealed, killed, silent. One after the other, on a rig of their own with storage that outlives
// the process.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Rig, startRig } from "../testbed/rig.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { startTrio } from "./support/trio.ts";
import { startWorld, type World } from "./support/world.ts";

const SILENCE_MS = 30_000;

let rig: Rig;
let world: World;
beforeAll(async () => {
  rig = await startRig({ vaultStorage: "raft" });
  world = await startWorld(rig);
});
afterAll(async () => {
  await world.stop();
  await rig.stop();
});

test("a sealed Vault is ProviderUnavailable, with every Secret kept; unsealed, all is right again within 30 s", async () => {
  const trio = await startTrio(await world.team());
  await rig.vault.seal();
  await trio.expectTrouble({
    reason: "ProviderUnavailable",
    message: /cannot serve \S+ now: Vault is sealed or has no leader \(HTTP 503\); it is asked again until it answers/,
    storeReason: "Unreachable",
  });
  await rig.vault.unseal();
  await trio.expectRepaired();
});

test("a killed Vault is ProviderUnavailable, with every Secret kept; started again, all is right within 30 s", async () => {
  const trio = await startTrio(await world.team());
  await rig.vault.stop("SIGKILL");
  await trio.expectTrouble({
    reason: "ProviderUnavailable",
    message: /connection refused/,
    storeReason: "Unreachable",
  });
  await rig.vault.restart();
  await trio.expectRepaired();
});

test("30 s of silence are ProviderUnavailable, with every Secret kept; when Vault answers, all is right within 30 s", async () => {
  const trio = await startTrio(await world.team());
  const startMs = performance.now();
  await rig.vault.pause();
  await trio.expectTrouble({
    reason: "ProviderUnavailable",
    message: /no answer within 10 s/,
    storeReason: "Unreachable",
  });
  const hasLasted = (): Promise<true | undefined> =>
    Promise.resolve(performance.now() - startMs >= SILENCE_MS ? true : undefined);
  await waitUntil("the silence has lasted 30 s", hasLasted, { timeoutMs: SILENCE_MS * 2 });
  expect((await fetch(`${world.operator.origin}/healthz`)).status).toBe(200);
  await rig.vault.resume();
  await trio.expectRepaired();
});
