// Cold start: N ExternalSecrets exist, the operator starts, and all become Ready. Requests are counted in the servers'
// audit logs, CPU and memory by the kernel.

import { NAMESPACE } from "../test/demo/manifests.ts";
import { deployOperator } from "../test/testbed/deploy-operator.ts";
import { isRecord } from "../test/testbed/json.ts";
import { ok } from "../test/testbed/kubernetes-api.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { waitUntil } from "../test/testbed/wait-until.ts";
import { processUsage } from "./process-usage.ts";
import { productionOperator } from "./production-node.ts";

export interface ColdStart {
  readonly seconds: number;
  readonly syncsPerSecond: number;
  readonly cpuMsPerSync: number;
  readonly rssMb: number;
  readonly peakMb: number;
  readonly apiWritesPerSync: number;
  readonly vaultRequestsPerSync: number;
  readonly logins: number;
}

/** The operator, in audit logs. */
export const OPERATOR = "system:serviceaccount:fairlead-system:fairlead";
export const WRITES = ["create", "update", "patch", "delete"];
const DEADLINE_MS = 600_000;

export async function measureColdStart(rig: Rig, count: number): Promise<ColdStart> {
  const [kubernetesMark, vaultMark] = await Promise.all([rig.audit.kubernetes.mark(), rig.audit.vault.mark()]);
  const startedMs = performance.now();
  await using operator = await deployOperator(rig, {
    args: ["--log-level=warn"],
    command: await productionOperator(),
  });
  const allReady = async (): Promise<true | undefined> =>
    (await readyCount(operator.origin)) >= count ? true : undefined;
  await waitUntil(`${count} ExternalSecrets are Ready`, allReady, { timeoutMs: DEADLINE_MS, intervalMs: 250 });
  const seconds = (performance.now() - startedMs) / 1000;
  const usage = await processUsage(operator.pid);
  await assertSecrets(rig, count);
  const writes = await rig.audit.kubernetes.countSince(kubernetesMark, { user: OPERATOR, verb: WRITES });
  const vaultRequests = (await rig.audit.vault.since(vaultMark)).filter((entry) => entry.type === "request");
  await operator.stop();
  return {
    seconds,
    syncsPerSecond: count / seconds,
    cpuMsPerSync: usage.cpuMs / count,
    rssMb: usage.rssMb,
    peakMb: usage.peakMb,
    apiWritesPerSync: writes / count,
    vaultRequestsPerSync: vaultRequests.length / count,
    logins: vaultRequests.filter((entry) => entry.path === "auth/kubernetes/login").length,
  };
}

/** As the operator counts them; `assertSecrets` looks at the Secrets themselves afterwards. */
async function readyCount(origin: string): Promise<number> {
  const answer = await fetch(`${origin}/metrics`).then(
    (reply) => reply.text(),
    () => "", // Not listening yet.
  );
  return Number(/^fairlead_externalsecrets\{ready="true"\} (\d+)$/m.exec(answer)?.[1] ?? 0);
}

async function assertSecrets(rig: Rig, count: number): Promise<void> {
  const list = await ok(
    rig.api.get(`/api/v1/namespaces/${NAMESPACE}/secrets?labelSelector=fairlead.dev%2Fmanaged%3Dtrue`),
  );
  const items = isRecord(list) && Array.isArray(list["items"]) ? list["items"] : [];
  const complete = items.filter(
    (item) => isRecord(item) && isRecord(item["data"]) && Object.keys(item["data"]).length === 2,
  );
  if (complete.length !== count) throw new Error(`${complete.length} of ${count} Secrets are complete`);
}
