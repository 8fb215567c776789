// `make bench`: measures on one rig, in one run, prints a table, and fails where a budget is broken. Times of a shared
// machine are noisy: compare within one run only. docs/performance.md says what is measured and why.

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startRig } from "../test/testbed/rig.ts";
import { measureCeiling } from "./ceiling.ts";
import { measureColdStart } from "./cold-start.ts";
import { measureIdleMemory } from "./idle-memory.ts";
import { type Figure, printFigures } from "./report.ts";
import { createExternalSecrets, prepareStore } from "./scenario.ts";
import { measureStartUp } from "./start-up.ts";
import { measureTransportWrites } from "./transport-writes.ts";

const USAGE = "usage: node bench/run.ts [NUMBER OF EXTERNALSECRETS OF THE COLD START] [--idle NUMBER AT REST]";
const [count, idleCount] = readArguments();

await using rig = await startRig();
await prepareStore(rig);
const startUp = await measureStartUp(rig);
const transport = await measureTransportWrites(rig);
await createExternalSecrets(rig, count);
const ceiling = await measureCeiling(rig, count);
const cold = await measureColdStart(rig, count);
const broken: Figure[] = [];

console.log(`\n${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), Node ${process.version}, etcd without fsync`);
report("Start without ExternalSecrets", [
  { what: "start to first list", value: startUp.firstListMs, unit: "ms", budget: 400, isTime: true },
  { what: "RSS", value: startUp.idleRssMb, unit: "MB", budget: 80 },
]);
report("Writes to the Kubernetes API, 16 at a time, by the operator's client alone", [
  { what: "CPU per write", value: transport.cpuMs, unit: "ms", budget: 0.5 },
  { what: "CPU per write while it connects and V8 compiles", value: transport.firstCpuMs, unit: "ms" },
  { what: "connections at first", value: transport.firstConnections, budget: 16 },
  { what: "further connections of 2,000 writes", value: transport.newConnections, budget: 0 },
]);
report(`Cold start of ${count} ExternalSecrets, one remote key each`, [
  { what: "all Ready after", value: cold.seconds, unit: "s" },
  { what: "syncs per second", value: cold.syncsPerSecond },
  { what: "ceiling: bare loop of the same writes", value: ceiling.syncsPerSecond, unit: "per second" },
  { what: "share of the ceiling", value: (100 * cold.syncsPerSecond) / ceiling.syncsPerSecond, unit: "%" },
  { what: "CPU per sync, start of the process included", value: cold.cpuMsPerSync, unit: "ms" },
  { what: "RSS", value: cold.rssMb, unit: "MB" },
  { what: "peak RSS", value: cold.peakMb, unit: "MB" },
  { what: "API writes per ExternalSecret (Secret, status, Event)", value: cold.apiWritesPerSync, budget: 3.1 },
  { what: "Vault requests per ExternalSecret", value: cold.vaultRequestsPerSync, budget: 1.1 },
  { what: "logins", value: cold.logins, budget: 1 },
]);
if (idleCount > 0) {
  const idle = await measureIdleMemory(rig, Math.max(idleCount, count));
  report(`${idle.count} ExternalSecrets at rest, after a restart`, [
    { what: "RSS", value: idle.rssMb, unit: "MB", budget: 110 },
    { what: "peak RSS", value: idle.peakMb, unit: "MB" },
    { what: "heap in use, garbage included", value: idle.heapMb, unit: "MB" },
    { what: "heap of the cache per 1,000 ExternalSecrets", value: idle.heapMbPerThousand, unit: "MB", budget: 0.5 },
    { what: "size of one as the API server sends it", value: idle.wireBytes, unit: "bytes" },
    { what: "all looked at once after", value: idle.seconds, unit: "s" },
    { what: "CPU per look, start of the process included", value: idle.cpuMsPerVisit, unit: "ms" },
    { what: "writes to ExternalSecrets and Secrets", value: idle.writes, budget: 0 },
  ]);
}
if (broken.length > 0) {
  console.log(`\n${broken.length} budget(s) broken: ${broken.map(({ what }) => what).join("; ")}`);
  process.exitCode = 1;
}

function report(title: string, figures: readonly Figure[]): void {
  broken.push(...printFigures(title, figures));
}

function readArguments(): readonly [number, number] {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { idle: { type: "string" } } });
  const numbers = [Number(positionals[0] ?? 500), Number(values.idle ?? 10_000)] as const;
  if (positionals.length <= 1 && numbers[0] >= 1 && numbers[1] >= 0 && numbers.every(Number.isInteger)) return numbers;
  console.error(USAGE);
  process.exit(2);
}
