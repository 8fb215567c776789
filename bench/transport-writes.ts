// What one write to the Kubernetes API costs the process that makes it, TLS included: half creates, half patches of small
// Secrets, 16 at a time, through the operator's client in a process that does nothing else. A relay in front of the API
// server counts the connections.

import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from "../test/testbed/deploy-operator.ts";
import { valueAt } from "../test/testbed/json.ts";
import { writeKubeconfig } from "../test/testbed/kubeconfig.ts";
import { ok } from "../test/testbed/kubernetes-api.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { CountingRelay } from "./counting-relay.ts";
import { messageOf, startProductionNode } from "./production-node.ts";

export interface TransportWrites {
  /** Of the first writes: connections are made, and V8 compiles. */
  readonly firstCpuMs: number;
  /** Of one write after that. */
  readonly cpuMs: number;
  /** Connections of the first writes, and of those after them. */
  readonly firstConnections: number;
  readonly newConnections: number;
}

const NAMESPACE = "bench-transport";
const FIRST_WRITES = 1_000;
const WRITES = 2_000;

/** Needs the RBAC of the operator: it writes under its identity. */
export async function measureTransportWrites(rig: Rig): Promise<TransportWrites> {
  await rig.kubectl(["create", "namespace", NAMESPACE]);
  await using relay = await CountingRelay.start(new URL(rig.handle.kubernetes.server));
  const kubeconfig = await relayedKubeconfig(rig, relay.port);
  const child = await startProductionNode({
    script: "transport-child",
    args: [kubeconfig, NAMESPACE, String(FIRST_WRITES), String(WRITES)],
    directory: rig.handle.directory,
  });
  const phase = async (writes: number): Promise<number> => Number(valueAt(await messageOf(child), "cpuMs")) / writes;
  const firstCpuMs = await phase(FIRST_WRITES);
  const firstConnections = relay.accepted;
  child.send("go");
  const cpuMs = await phase(WRITES);
  const newConnections = relay.accepted - firstConnections;
  child.send("end");
  await once(child, "exit");
  await ok(rig.api.delete(`/api/v1/namespaces/${NAMESPACE}`));
  return { firstCpuMs, cpuMs, firstConnections, newConnections };
}

async function relayedKubeconfig(rig: Rig, port: number): Promise<string> {
  const { tokenPath } = await rig.serviceAccountKubeconfig(OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT);
  const path = join(await mkdtemp(join(rig.handle.directory, "relayed-")), "kubeconfig");
  const server = new URL(rig.handle.kubernetes.server);
  server.port = String(port);
  const caPem = await readFile(rig.handle.caPath, "utf8");
  await writeKubeconfig(path, { server: server.href, caPem, user: { kind: "tokenFile", path: tokenPath } });
  return path;
}
