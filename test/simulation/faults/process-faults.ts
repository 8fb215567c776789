// What happens to the processes of the operator and to the machines they run on.

import { API_FAULT_MS, FAILOVER_MS } from "../calm.ts";
import type { Replica } from "../replica.ts";
import type { World } from "../world.ts";
import type { FaultKind } from "./kinds.ts";

const MINUTE_MS = 60_000;
const PATIENCE_MS = 20_000;
/** An orderly stop takes so long at most (src/runtime/manager.ts). */
const STOP_MS = 9_000;

/** Preferably the leader, who has more to lose. */
function victim({ replicas, dice }: World): Replica | undefined {
  const leader = replicas.find(({ leads, isRunning }) => leads && isRunning);
  const running = replicas.filter(({ isRunning }) => isRunning);
  if (leader !== undefined && dice.chance(0.7)) return leader;
  return running.length === 0 ? undefined : dice.pick(running);
}

function crash(world: World, replica: Replica, kind: FaultKind): void {
  const { dice, time, desk, calm } = world;
  const downMs = dice.chance(0.85) ? dice.between(50, 2_000) : dice.between(2_000, 20_000);
  replica.crash(downMs);
  desk.count(kind, time.nowMs + downMs);
  // The Lease that it held runs out, or is resumed by its next life.
  calm.allow(time.nowMs + Math.max(FAILOVER_MS, downMs + FAILOVER_MS / 2), kind);
}

export const processFaults = {
  crash(world: World) {
    const replica = victim(world);
    if (replica !== undefined) crash(world, replica, "crash");
  },
  /** Right when a write leaves: it is stored, and nobody hears the answer. */
  crashInWrite(world: World) {
    const { desk, dice, time } = world;
    desk.trapCalls({
      kind: "crashInWrite",
      untilMs: time.nowMs + PATIENCE_MS,
      left: 1,
      matches: ({ method, plural, isWatch }) => method !== "GET" && plural !== "leases" && !isWatch,
      spring: (facts) => {
        const replica = world.replicas[facts.replica];
        if (replica !== undefined) time.after(dice.between(0, 12), () => crash(world, replica, "crashInWrite"));
        return undefined;
      },
    });
  },
  sigstop(world: World) {
    const { dice, time, desk, calm } = world;
    const replica = victim(world);
    if (replica === undefined) return;
    const durationMs = dice.chance(0.75) ? dice.between(200, 6_000) : dice.between(6_000, 45_000);
    replica.stop();
    time.after(durationMs, () => replica.goOn());
    // Somebody wants something of whoever leads by then.
    time.after(durationMs + dice.between(-2_000, 3_000), () => {
      world.people.editExternalSecret();
      calm.allow(time.nowMs + API_FAULT_MS, "sigstop");
    });
    desk.count("sigstop", time.nowMs + durationMs + 3_000);
    // Who finds another leader when it wakes starts anew.
    calm.allow(time.nowMs + Math.max(FAILOVER_MS, durationMs + FAILOVER_MS / 2), "sigstop");
  },
  sigterm(world: World) {
    const { dice, desk, calm, time } = world;
    const replica = victim(world);
    if (replica === undefined) return;
    const downMs = dice.between(100, 3_000);
    replica.terminate(downMs);
    desk.count("sigterm", time.nowMs + STOP_MS + downMs);
    calm.allow(time.nowMs + FAILOVER_MS, "sigterm");
  },
  clockJump(world: World) {
    const { dice, desk } = world;
    const replica = dice.pick(world.replicas);
    replica.wall.offsetMs += dice.pick([-1, 1]) * dice.between(1, 5) * MINUTE_MS;
    desk.count("clockJump");
  },
} as const;
