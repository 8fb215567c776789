// What goes wrong with watches, and with the whole way to the API server.

import { API_FAULT_MS, FAILOVER_MS } from "../calm.ts";
import type { WatchLine } from "../network/interference.ts";
import { SILENCE_FOUND_MS } from "../network/watch-link.ts";
import type { Dice } from "../chance.ts";
import type { Replica } from "../replica.ts";
import type { World } from "../world.ts";
import type { FaultKind } from "./kinds.ts";

const PATIENCE_MS = 20_000;
const WATCHED = ["externalsecrets", "secrets", "secretstores", "leases"] as const;

/** Mostly over soon. */
function someTimeMs(dice: Dice): number {
  return dice.chance(0.85) ? dice.between(500, 4_000) : dice.between(5_000, 25_000);
}

function running(world: World): Replica | undefined {
  const candidates = world.replicas.filter(({ isRunning }) => isRunning);
  return candidates.length === 0 ? undefined : world.dice.pick(candidates);
}

/** Of one replica; undefined: of all resources. */
function cut(world: World, kind: FaultKind, isSilent: boolean): void {
  const { dice, time, desk } = world;
  const plural = dice.pick([undefined, ...WATCHED]);
  const streams = running(world)?.watches.map((watches) => watches.cut(plural, isSilent)) ?? [];
  if (streams.some((count) => count > 0)) desk.count(kind, time.nowMs + (isSilent ? SILENCE_FOUND_MS : 0));
}

function trapLines(world: World, kind: FaultKind, spring: (line: WatchLine) => readonly string[]): void {
  const { desk, dice, time } = world;
  desk.trapLines({
    kind,
    untilMs: time.nowMs + PATIENCE_MS,
    left: 1 + dice.below(3),
    matches: ({ change, plural }) => change !== undefined && plural !== "leases",
    spring: (line) => spring(line).map((text) => ({ kind: "line", text })),
  });
}

function forgetAndCut(world: World, plural: string): void {
  world.server.hub.forgetHistory(plural);
  for (const replica of world.replicas) for (const watches of replica.watches) watches.cut(plural, false);
}

export const watchFaults = {
  watchCut(world: World) {
    cut(world, "watchCut", false);
  },
  watchSilent(world: World) {
    cut(world, "watchSilent", true);
  },
  watchEnded(world: World) {
    const plural = world.dice.pick(WATCHED);
    const streams = running(world)?.watches.map((watches) => watches.end(plural)) ?? [];
    if (streams.some((count) => count > 0)) world.desk.count("watchEnded");
  },
  /** etcd forgets its history, and streams end: who resumes is too late. */
  watchExpired(world: World) {
    world.cluster.skipVersion();
    world.cluster.compact();
    for (const replica of world.replicas) for (const watches of replica.watches) watches.cut(undefined, false);
    world.desk.count("watchExpired");
  },
  watchFrozen(world: World) {
    const { dice, time, desk } = world;
    const untilMs = time.nowMs + someTimeMs(dice);
    const replica = running(world);
    for (const watches of replica?.watches ?? []) watches.freeze(untilMs);
    if (replica !== undefined) desk.count("watchFrozen", untilMs);
  },
  eventDuplicated(world: World) {
    trapLines(world, "eventDuplicated", ({ text }) => [text, text]);
  },
  eventReplayed(world: World) {
    trapLines(world, "eventReplayed", ({ text, plural }) => [text, ...world.desk.recentLines(plural)]);
  },
  /** The server loses an event, and with it what it had kept: sooner or later its streams end, and none can be resumed. */
  eventDropped(world: World) {
    const { dice, time, calm } = world;
    trapLines(world, "eventDropped", ({ plural }) => {
      const afterMs = dice.between(100, 6_000);
      time.after(afterMs, () => forgetAndCut(world, plural));
      calm.noteOver(time.nowMs + afterMs);
      calm.allow(time.nowMs + afterMs + API_FAULT_MS, "eventDropped");
      return [];
    });
  },
  lineTorn(world: World) {
    const { desk, dice, time } = world;
    desk.trapLines({
      kind: "lineTorn",
      untilMs: time.nowMs + PATIENCE_MS,
      left: 1,
      matches: ({ change }) => change !== undefined,
      spring: ({ text }) => {
        const isWhole = dice.chance(0.3);
        return [{ kind: isWhole ? "line" : "fragment", text: text.slice(0, dice.below(text.length)) }];
      },
    });
  },
  partition(world: World) {
    const { dice, time, desk, calm } = world;
    const replica = running(world);
    if (replica === undefined) return;
    const [untilMs, isSilent] = [time.nowMs + someTimeMs(dice), dice.chance(0.15)];
    desk.isolate({ replica: replica.index, untilMs, isSilent });
    for (const watches of replica.watches) watches.cut(undefined, isSilent);
    desk.count("partition", untilMs + (isSilent ? SILENCE_FOUND_MS : 0));
    calm.allow(time.nowMs + FAILOVER_MS, "partition");
  },
  serverAway(world: World) {
    const { dice, time, desk, server } = world;
    const durationMs = dice.chance(0.85) ? dice.between(200, 3_000) : dice.between(6_000, 18_000);
    // Work has just come in when the server goes.
    if (dice.chance(0.5)) world.people.editExternalSecret();
    time.after(dice.between(0, 30), () => server.goAway(durationMs));
    for (const replica of world.replicas) for (const watches of replica.watches) watches.cut(undefined, false);
    desk.count("serverAway", time.nowMs + durationMs);
    world.calm.allow(time.nowMs + FAILOVER_MS, "serverAway");
  },
} as const;
