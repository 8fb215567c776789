// What goes wrong with single calls.

import { API_FAULT_MS, CONTEST_MS, FAILOVER_MS } from "../calm.ts";
import type { Dice } from "../chance.ts";
import { type Refusal, refusal, success } from "../cluster/answers.ts";
import type { Interference, RequestFacts } from "../network/interference.ts";
import { LONGEST_TRANSIT_MS } from "../network/latency.ts";
import type { World } from "../world.ts";
import type { FaultKind } from "./kinds.ts";

type Matches = (facts: RequestFacts) => boolean;

/** How long a trap waits for a request that fits. */
const PATIENCE_MS = 20_000;

const isCall: Matches = ({ isWatch, plural }) => !isWatch && plural !== "leases";
const isWrite: Matches = (facts) => isCall(facts) && facts.method !== "GET";
const isSecretWrite: Matches = (facts) => isWrite(facts) && facts.plural === "secrets";
const isStatusWrite: Matches = (facts) => isWrite(facts) && facts.isStatus;
const isSecretRead: Matches = ({ method, plural, isList, isWatch }) =>
  method === "GET" && plural === "secrets" && !isList && !isWatch;

function trap(world: World, kind: FaultKind, matches: Matches, spring: () => Interference): void {
  const { desk, dice, time } = world;
  const left = dice.pick([1, 1, 2, 3]);
  desk.trapCalls({ kind, untilMs: time.nowMs + PATIENCE_MS, matches, spring, left });
  if (dice.chance(0.6)) world.giveWork();
}

function some(dice: Dice): Matches {
  return dice.pick([isCall, isWrite, isSecretWrite, isSecretWrite, isStatusWrite, isSecretRead]);
}

/** Now and then nobody says that it is lost. */
function resetAfterMs(dice: Dice): number | undefined {
  return dice.chance(0.92) ? dice.between(1, 3_000) : undefined;
}

function answered(reply: Refusal, isCarriedOut = false): Interference {
  return { kind: "answered", answer: refusal(reply), isCarriedOut };
}

export const callFaults = {
  requestLost(world: World) {
    const { dice } = world;
    trap(world, "requestLost", some(dice), () => ({ kind: "lost", resetAfterMs: resetAfterMs(dice) }));
  },
  answerLost(world: World) {
    const { dice } = world;
    trap(world, "answerLost", dice.pick([isWrite, isSecretWrite, isStatusWrite]), () => ({
      kind: "answerLost",
      resetAfterMs: resetAfterMs(dice),
    }));
  },
  answerSlow(world: World) {
    const { dice } = world;
    trap(world, "answerSlow", some(dice), () => ({
      kind: "slow",
      thereMs: dice.between(1, LONGEST_TRANSIT_MS),
      backMs: dice.between(1, 6_000),
    }));
  },
  conflict(world: World) {
    const { calm, time } = world;
    trap(world, "conflict", isSecretWrite, () => {
      calm.allow(time.nowMs + CONTEST_MS + API_FAULT_MS, "conflict");
      return answered({ status: 409, reason: "Conflict" });
    });
  },
  serverError(world: World) {
    const status = world.dice.pick([500, 503]);
    trap(world, "serverError", some(world.dice), () => answered({ status, reason: "InternalError" }));
  },
  timeoutAfterCommit(world: World) {
    trap(world, "timeoutAfterCommit", some(world.dice), () => answered({ status: 504, reason: "Timeout" }, true));
  },
  throttled(world: World) {
    const retryAfterMs = world.dice.pick([1_000, 2_000]);
    trap(world, "throttled", some(world.dice), () =>
      answered({ status: 429, reason: "TooManyRequests", retryAfterMs }),
    );
  },
  answerGarbled(world: World) {
    const body = world.dice.pick(["<html>gateway</html>", '{"kind":"Secret","metad', ""]);
    trap(world, "answerGarbled", some(world.dice), () => ({
      kind: "answered",
      answer: success(body),
      isCarriedOut: true,
    }));
  },
  /** Most calls fail for a while, each in its own way; watches and lists work. */
  callsFailing(world: World) {
    const { desk, dice, time, calm } = world;
    // Also so long that a backoff without a cap shows.
    const untilMs = time.nowMs + dice.pick([dice.between(1_000, 10_000), dice.between(18_000, 26_000)]);
    const isHit: Matches = (facts) => isCall(facts) && !facts.isList && dice.chance(0.85);
    const spring = (): Interference =>
      dice.pick<Interference>([
        answered({ status: 500, reason: "InternalError" }),
        answered({ status: 504, reason: "Timeout" }, true),
        { kind: "lost", resetAfterMs: dice.between(1, 500) },
        { kind: "answerLost", resetAfterMs: dice.between(1, 500) },
      ]);
    desk.trapCalls({ kind: "callsFailing", untilMs, matches: isHit, spring, left: 200, isLasting: true });
    calm.noteOver(untilMs);
    calm.allow(untilMs + API_FAULT_MS, "callsFailing");
    world.giveWork();
  },
  listFailed(world: World) {
    const status = world.dice.pick([500, 503, 429]);
    trap(
      world,
      "listFailed",
      ({ isList, isWatch }) => isList && !isWatch,
      () => answered({ status, reason: "ServerTimeout" }),
    );
    relist(world);
  },
  pageExpired(world: World) {
    trap(
      world,
      "pageExpired",
      ({ isLaterPage }) => isLaterPage,
      () => answered({ status: 410, reason: "Expired" }),
    );
    relist(world);
  },
  /**
   * The Lease cannot be written for a while, and perhaps not be seen either; its holder must stop before somebody else may
   * begin.
   */
  leaseWriteFailed(world: World) {
    const { desk, dice, time, calm } = world;
    const victim = world.replicas.find(({ leads }) => leads) ?? dice.pick(world.replicas);
    const replica = victim.index;
    const untilMs = time.nowMs + dice.pick([dice.between(2_500, 12_000), dice.between(14_000, 20_000)]);
    if (dice.chance(0.5)) for (const watches of victim.watches) watches.freeze(untilMs + dice.between(0, 3_000));
    desk.trapCalls({
      kind: "leaseWriteFailed",
      untilMs,
      left: 20,
      isLasting: true,
      matches: (facts) => facts.plural === "leases" && facts.method !== "GET" && facts.replica === replica,
      spring: () =>
        dice.pick<Interference>([
          answered({ status: 500, reason: "InternalError" }),
          { kind: "lost", resetAfterMs: undefined },
          { kind: "answerLost", resetAfterMs: dice.between(1, 2_000) },
        ]),
    });
    time.after(untilMs - time.nowMs + dice.between(-1_000, 1_000), () => world.giveWork());
    calm.noteOver(untilMs);
    calm.allow(untilMs + FAILOVER_MS, "leaseWriteFailed");
  },
} as const;

/** Lists are rare: has somebody make one. */
function relist(world: World): void {
  const { server, replicas, dice } = world;
  const plural = dice.pick(["externalsecrets", "secrets", "secretstores"]);
  server.hub.forgetHistory(plural);
  for (const replica of replicas) for (const watches of replica.watches) watches.cut(plural, false);
}
