// `make bench`: measures on one rig, in one run, and prints a table. Figures of a shared machine are noisy: compare
// within one run only. Arguments: the number of ExternalSecrets (default 500).

import { cpus } from "node:os";
import { startRig } from "../test/testbed/rig.ts";
import { measureCeiling } from "./ceiling.ts";
import { measureColdStart } from "./cold-start.ts";
import { createExternalSecrets, prepareStore } from "./scenario.ts";
import { measureStartUp } from "./start-up.ts";

const count = Number(process.argv[2] ?? 500);
if (!Number.isInteger(count) || count < 1) {
  console.error("usage: node bench/run.ts [NUMBER OF EXTERNALSECRETS]");
  process.exit(2);
}

await using rig = await startRig();
await prepareStore(rig);
const startUp = await measureStartUp(rig);
await createExternalSecrets(rig, count);
const ceiling = await measureCeiling(rig, count);
const cold = await measureColdStart(rig, count);

console.log(
  `\nCold start of ${count} ExternalSecrets, one remote key each (${cpus().length} cores, etcd without fsync)`,
);
print("start to first list", startUp.firstListMs, "ms (budget 400)");
print("idle RSS", startUp.idleRssMb, "MB (budget 80)");
print("all Ready after", cold.seconds, "s");
print("syncs per second", cold.syncsPerSecond, "");
print("ceiling: bare loop of the same writes", ceiling.syncsPerSecond, "per second");
print("share of the ceiling", (100 * cold.syncsPerSecond) / ceiling.syncsPerSecond, "%");
print("CPU per sync", cold.cpuMsPerSync, "ms");
print("RSS", cold.rssMb, "MB");
print("peak RSS", cold.peakMb, "MB");
print("API writes per ExternalSecret", cold.apiWritesPerSync, "");
print("Vault requests per ExternalSecret", cold.vaultRequestsPerSync, "");
print("logins", cold.logins, "");

function print(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(40)} ${value.toFixed(2).padStart(10)} ${unit}`);
}
