// What a suite of integration tests stands on: the shared rig with the shipped CRDs and RBAC, one operator that runs as
// the shipped ServiceAccount, and a team (namespace, Vault policy and role, store) for each test. Files run one after
// the other, so a file's operator has the cluster to itself.

import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { deployOperator } from "../../testbed/deploy-operator.ts";
import { computeKstatus } from "../../testbed/kstatus.ts";
import { leaksOf, type NamedText } from "../../testbed/leaks.ts";
import type { OperatorOptions, RunningOperator } from "../../testbed/operator.ts";
import type { Rig } from "../../testbed/rig.ts";
import { createSightings, type Sightings } from "./sightings.ts";
import { createTeam, type Team } from "./team.ts";

export interface World {
  readonly rig: Rig;
  /** The operator now running; `restart` replaces it. */
  readonly operator: RunningOperator;
  /** Every object that a test looked at. */
  readonly sightings: Sightings;
  /** Part of every value that the tests put into a store: it must never appear outside of Secrets. */
  readonly canary: string;
  team(): Promise<Team>;
  /** Stops the operator with the signal and starts it again. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Ends the operator, then looks for leaks and for statuses that kstatus reads wrongly. */
  stop(): Promise<void>;
}

export async function startWorld(rig: Rig, options: Partial<OperatorOptions> = {}): Promise<World> {
  await rig.kubectl(["apply", "-f", "crds/"]);
  await rig.kubectl(["apply", "-k", "config/default"]);
  const canary = `canary-${randomUUID().replaceAll("-", "")}`;
  const sightings = createSightings();
  const start = async (): Promise<RunningOperator> => {
    const started = await deployOperator(rig, { ...options, args: ["--log-level=debug", ...(options.args ?? [])] });
    await started.waitReady();
    return started;
  };
  let operator = await start();
  const outputs: string[] = [];
  const end = async (signal?: "SIGTERM" | "SIGKILL"): Promise<void> => {
    outputs.push(await operator.metrics().catch(() => ""));
    await operator.stop(signal);
    outputs.push(...(await operator.lines()));
  };
  return {
    rig,
    get operator() {
      return operator;
    },
    sightings,
    canary,
    team: () => createTeam({ rig, sightings, canary }),
    async restart(signal) {
      await end(signal);
      operator = await start();
    },
    async stop() {
      await end();
      const events = await rig.kubectl(["get", "events", "-A", "-o", "json"]);
      const objects = await rig.kubectl([
        "get",
        "externalsecrets,secretstores,clustersecretstores",
        "-A",
        "-o",
        "json",
      ]);
      const texts = [...outputs, events, objects, ...sightings.all().map((seen) => JSON.stringify(seen))];
      expectNoCanary(
        texts.flatMap((text) => text.split("\n").map((line) => ({ where: line.slice(0, 200), text: line }))),
        canary,
      );
      await expectHonestStatuses(rig, sightings);
      // What one file leaves would be work for the operator of the next.
      await rig.kubectl(["delete", "externalsecrets,secretstores,clustersecretstores", "--all", "-A"]);
    },
  };
}

function expectNoCanary(texts: readonly NamedText[], canary: string): void {
  const leaks = leaksOf(texts, canary);
  const shown = leaks.map(({ where, form }) => `${where} (${form})`);
  expect(shown, "no value of a secret outside of Secrets").toEqual([]);
}

/** kstatus must say Current exactly when Ready is True for the observed generation, and Failed exactly when Stalled. */
async function expectHonestStatuses(rig: Rig, sightings: Sightings): Promise<void> {
  const objects = sightings.all();
  const verdicts = await computeKstatus(rig.handle.binaries, objects);
  const wrong = objects.flatMap((object, index) => {
    const verdict = verdicts[index]?.status;
    const wanted = sightings.expectedKstatus(object);
    return wanted === undefined || verdict === wanted ? [] : [{ verdict, wanted, object }];
  });
  expect(wrong, "kstatus agrees with the conditions").toEqual([]);
}
