// An etcd that is restored from a backup: resourceVersions go back, and what was watched never happened. On servers of
// its own, because nobody else that watches them could go on (faults: row 16).

import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Rig, startRig } from "../testbed/rig.ts";
import { dataEntry } from "./support/manifests.ts";
import { startWorld, type World } from "./support/world.ts";

const ETCD = "etcd";
const names = ["db-0", "db-1", "db-2"];

let rig: Rig;
let world: World;
beforeAll(async () => {
  rig = await startRig();
  world = await startWorld(rig);
});
afterAll(async () => {
  await world.operator.stop("SIGKILL");
  await rig.stop();
});

/** Both servers end, `act` has etcd's directory to itself, and they start again. */
async function withoutEtcd(act: (directory: string) => Promise<void>): Promise<void> {
  await rig.controlPlane.stopApiServer();
  await rig.guardian.signal(ETCD, "SIGTERM");
  await rig.guardian.waitExit(ETCD);
  await act(join(rig.handle.directory, ETCD));
  await rig.guardian.startAgain(ETCD);
  await rig.controlPlane.startApiServer();
}

test("an older state of the cluster is brought up to date again, and nothing is deleted", async () => {
  const team = await world.team();
  const put = async (label: string): Promise<void> => {
    for (const name of names) await team.putSecret(name, { password: team.value(label) });
  };
  const synced = async (label: string): Promise<void> => {
    for (const name of names) await team.waitSecretData(name, { password: team.value(label) }, 60_000);
  };
  await put("first");
  await team.applyStore();
  for (const name of names) {
    await team.applyExternalSecret(name, {
      refreshInterval: "2s",
      data: [dataEntry("password", team.key(name), "password")],
    });
  }
  await synced("first");
  const uids = await Promise.all(names.map((name) => uidOf(name)));

  const copy = join(rig.handle.directory, "etcd-backup");
  await withoutEtcd((directory) => cp(directory, copy, { recursive: true }));
  await put("second");
  await synced("second");
  await withoutEtcd(async (directory) => {
    await rm(directory, { recursive: true });
    await cp(copy, directory, { recursive: true });
  });

  await synced("second");
  expect(await Promise.all(names.map((name) => uidOf(name)))).toEqual(uids);
  // It follows what happens from here on.
  await team.applyExternalSecret("db-3", { data: [dataEntry("password", team.key("db-0"), "password")] });
  await team.waitSecretData("db-3", { password: team.value("second") }, 60_000);
  await put("third");
  await synced("third");

  async function uidOf(name: string): Promise<unknown> {
    return JSON.stringify((await team.secret(name))?.["metadata"]).match(/"uid":"([^"]+)"/)?.[1];
  }
});
