// Row 8: SIGTERM while a call is in flight. The process must end well within 10 s, the call must be finished or never
// sent, and nothing may be left behind: no token in Vault, no Lease.

import { setTimeout as pause } from "node:timers/promises";
import { OPERATOR_NAMESPACE } from "../../testbed/deploy-operator.ts";
import { optionalTextAt } from "../../testbed/json.ts";
import type { ProcessExit } from "../../testbed/process-table.ts";
import type { FaultWorld } from "../fault-world.ts";
import type { ScenarioResult } from "../scenario.ts";
import { type Enumeration, enumerateStrikes, startLab } from "./crash-enumeration.ts";
import type { CrashPoint } from "./crash-point.ts";
import type { CrashLab, Strike } from "./crash-run.ts";
import { livingTokens } from "./vault-tokens.ts";

const EXIT_LIMIT_MS = 10_000;
/** How long the call stays in flight after the signal. */
const HELD_MS = 300;
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/fairlead`;

export async function enumerateTerminations(world: FaultWorld, enumeration: Enumeration): Promise<ScenarioResult> {
  const args = ["--leader-elect", `--leader-election-namespace=${OPERATOR_NAMESPACE}`];
  return enumerateStrikes(await startLab(world, { args }), enumeration, terminate);
}

function terminate(lab: CrashLab, point: CrashPoint): Strike {
  let isReleased = false;
  return {
    point,
    async strike() {
      const startMs = performance.now();
      const meanwhile = async (exit: ProcessExit): Promise<void> => {
        const complaints = [
          ...complaintsOf(exit, performance.now() - startMs),
          ...(isReleased || !mustBeAwaited(point) ? [] : ["it ended while a write was in flight"]),
          ...(await leftBehind(lab)),
        ];
        if (complaints.length > 0) throw new Error(complaints.join("; "));
      };
      lab.lives.replace({ signal: "SIGTERM", meanwhile });
      await pause(HELD_MS);
      isReleased = true;
    },
  };
}

function complaintsOf({ code, signal }: ProcessExit, tookMs: number): readonly string[] {
  const isClean = code === 0 && signal === undefined;
  return [
    ...(isClean ? [] : [`it ended with code ${String(code)} by signal ${String(signal)}`]),
    ...(tookMs <= EXIT_LIMIT_MS ? [] : [`it took ${Math.round(tookMs)} ms`]),
  ];
}

/** What the server has done and the operator has not heard; Events are sent with no promise. */
function mustBeAwaited({ server, id, position }: CrashPoint): boolean {
  return server === "kubernetes" && position !== "before" && !id.startsWith("create events");
}

async function leftBehind({ world, team }: CrashLab): Promise<readonly string[]> {
  const tokens = await livingTokens(world.rig, team);
  const holder = optionalTextAt((await world.rig.api.get(LEASE)).body, "spec", "holderIdentity") ?? "";
  return [
    ...(tokens === 0 ? [] : [`${tokens} tokens are alive in Vault`]),
    ...(holder === "" ? [] : [`the Lease is held by ${holder}`]),
  ];
}
