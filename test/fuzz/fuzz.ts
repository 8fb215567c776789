// One fuzzing run on a rig: namespaces to fuzz in, one operator as it is shipped, sequences side by side, and the checks at
// the end.

import { randomBytes } from "node:crypto";
import { createSightings, type Sightings } from "../integration/support/sightings.ts";
import { deployOperator } from "../testbed/deploy-operator.ts";
import type { RunningOperator } from "../testbed/operator.ts";
import type { Rig } from "../testbed/rig.ts";
import { readSpecSchema } from "./crd-schema.ts";
import { judgeLeaks, judgeLogs, judgeStatuses } from "./final-checks.ts";
import { createSite, type FuzzSite, removeSite } from "./fuzz-site.ts";
import type { Violation } from "./violation.ts";
import type { FuzzReport } from "./report.ts";
import { runSequence, type SequenceRecord } from "./run-sequence.ts";
import { planSequence } from "./spec-sequences.ts";

export interface FuzzOptions {
  readonly seed: number;
  /** Numbers of the sequences to run. */
  readonly indexes: readonly number[];
  /** Sequences at the same time. */
  readonly parallel: number;
  /** Namespaces that they are spread over. */
  readonly namespaces: number;
  /** Told after each sequence. */
  readonly onSequence?: (record: SequenceRecord) => void;
}

/** Needs a rig without another operator; installs CRDs and RBAC, and leaves no ExternalSecret and no store. */
export async function runFuzz(rig: Rig, options: FuzzOptions): Promise<FuzzReport> {
  await rig.kubectl(["apply", "-f", "crds/"]);
  await rig.kubectl(["apply", "-k", "config/default"]);
  const sightings = createSightings();
  const canary = `canary-${randomBytes(16).toString("hex")}`;
  await using operator = await deployOperator(rig, { args: ["--log-level=debug"] });
  await operator.waitReady();
  const sites = await Promise.all(
    Array.from({ length: options.namespaces }, () => createSite({ rig, sightings, canary })),
  );
  try {
    const sequences = await runSequences(sites, options);
    const overall = await finalViolations({ rig, operator, sightings, canary });
    return { seed: options.seed, sequences, overall };
  } finally {
    for (const site of sites) await removeSite(site);
  }
}

async function runSequences(sites: readonly FuzzSite[], options: FuzzOptions): Promise<readonly SequenceRecord[]> {
  const schema = readSpecSchema();
  const waiting = options.indexes.values();
  const records: SequenceRecord[] = [];
  const work = async (site: FuzzSite): Promise<void> => {
    // All workers share one iterator: each takes the next number that nobody has.
    for (const index of waiting) {
      const plan = planSequence(index, { seed: options.seed, namespace: site.team.namespace, schema });
      const record = await runSequence(site, plan);
      records.push(record);
      options.onSequence?.(record);
    }
  };
  const workers = Array.from({ length: options.parallel }, (_, number) =>
    sites.slice(number % sites.length).slice(0, 1),
  );
  await Promise.all(workers.flat().map(work));
  return records.sort((left, right) => left.index - right.index);
}

interface Finish {
  readonly rig: Rig;
  readonly operator: RunningOperator;
  readonly sightings: Sightings;
  readonly canary: string;
}

async function finalViolations({ rig, operator, sightings, canary }: Finish): Promise<readonly Violation[]> {
  const metrics = await operator.metrics().catch(() => undefined);
  const exit = await operator.stop().catch(() => undefined);
  const isAlive = metrics !== undefined && exit?.code === 0;
  const lines = await operator.lines();
  const kinds = "externalsecrets,secretstores,clustersecretstores";
  const texts = [
    { where: "logs", text: lines.join("\n") },
    { where: "metrics", text: metrics ?? "" },
    { where: "events", text: await rig.kubectl(["get", "events", "-A", "-o", "json"]) },
    { where: "objects", text: await rig.kubectl(["get", kinds, "-A", "-o", "json"]) },
    { where: "statuses", text: JSON.stringify(sightings.all().map((object) => object["status"])) },
  ];
  const death: Violation = { check: "the operator", detail: `did not live to the end: ${JSON.stringify(exit)}` };
  return [
    ...(isAlive ? [] : [death]),
    ...judgeLogs(await operator.logs(), lines),
    ...judgeLeaks(texts, canary),
    ...(await judgeStatuses(rig, sightings)),
  ];
}
