// Row 0: runs without any fault. What they break is broken by the harness, or always.

import { setTimeout as pause } from "node:timers/promises";
import type { Scenario } from "../scenario.ts";
import type { FaultWorld } from "../fault-world.ts";
import { must } from "./steps.ts";

export const CONTROL_ROW = 0;

const OPERATOR_USER = "system:serviceaccount:fairlead-system:fairlead";
const WRITES = ["create", "update", "patch", "delete", "deletecollection"];
const SILENCE_MS = 60_000;

/** At the start of each batch. */
export const controlRun: Scenario = {
  row: CONTROL_ROW,
  title: "No fault: made, rotated, edited, deleted",
  fast: true,
  async run(world) {
    await world.startOperator();
    const team = await world.team();
    const load = await world.workload({ team, count: 3, refreshInterval: "2s" });
    await load.settled(30_000);
    await load.rotate();
    await load.settled();
    await team.patchExternalSecret("load-0", {
      spec: { data: [{ secretKey: "only", remoteRef: { key: team.key("load-0"), property: "password" } }] },
    });
    await load.settled();
    await world.expect.foreigner.patch(team.secretPath("load-1"), { data: { username: null } });
    await load.settled();
    await world.rig.api.delete(team.externalSecretPath("load-2"));
    await load.settled();
    return { fired: 0 };
  },
};

/** Once in each batch: a whole minute in which nothing may be written, refreshes of the store going on. */
export const silentMinute: Scenario = {
  row: CONTROL_ROW,
  title: "No fault: 60 s of silence once settled",
  async run(world) {
    await world.startOperator();
    const load = await world.workload({ team: await world.team(), count: 20, refreshInterval: "2s" });
    await load.settled(30_000);
    await load.rotate();
    await load.settled();
    await world.quiesce();
    const mark = await world.rig.audit.kubernetes.mark();
    await pause(SILENCE_MS);
    const written = await world.rig.audit.kubernetes.since(mark);
    const own = written.filter(({ user, verb, subresource }) => isWriteOf(user, verb) && subresource !== "token");
    must(
      own.length === 0,
      `${own.length} writes in 60 s: ${own.map(({ verb, path }) => `${verb} ${path}`).join("; ")}`,
    );
    world.note(`0 writes in 60 s with ${readsOf(world)} reads of the store`);
    return { fired: 0 };
  },
};

function isWriteOf(user: string, verb: string): boolean {
  return user === OPERATOR_USER && WRITES.includes(verb);
}

function readsOf(world: FaultWorld): number {
  return world.vault.requests().filter(({ path }) => path.startsWith("kv/data/")).length;
}
