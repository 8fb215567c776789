// The child of transport-writes.ts: writes Secrets through the operator's own Kubernetes client and does nothing else.
// Arguments: a kubeconfig, a namespace, and how many writes to make in each phase. After a phase it tells what the phase
// took, and waits for a message before the next.

import { once } from "node:events";
import { loadConnection } from "../src/kubernetes/load-connection.ts";
import { collectionPath, objectPath, resources } from "../src/kubernetes/resource-path.ts";
import { type ApiCall, createKubernetesClient } from "../src/kubernetes/rest-client.ts";
import { systemClock as clock } from "../src/runtime/system-clock.ts";
import { forEachIndex } from "./for-each-index.ts";

/** As target-writer.ts asks for it. */
const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const query = { fieldManager: "fairlead/bench" };

const [kubeconfig = "", namespace = "", ...phases] = process.argv.slice(2);
const connection = await loadConnection({ KUBECONFIG: kubeconfig });
if (!connection.ok) throw new Error(connection.error.message);
const client = createKubernetesClient({ connection: connection.value, clock, userAgent: "fairlead/bench" });
const signal = new AbortController().signal;

for (const [phase, writes] of phases.entries()) {
  const before = process.cpuUsage();
  await forEachIndex(Number(writes) / 2, async (index) => {
    const name = `bench-${phase}-${index}`;
    await write({ method: "POST", path: collectionPath(resources.secrets, namespace), body: secret(name) });
    const contentType = "application/merge-patch+json";
    const body = { data: { password: base64(`rotated-${name}`) } };
    await write({ method: "PATCH", path: objectPath(resources.secrets, { namespace, name }), body, contentType });
  });
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpuMs: (user + system) / 1000 });
  await once(process, "message");
}
client.close();
process.disconnect();

async function write(call: ApiCall): Promise<void> {
  const answer = await client.call({ ...call, query, accept }, signal);
  if (!answer.ok) throw new Error(`${call.method} failed: ${answer.error.kind} ${answer.error.status ?? ""}`);
}

function secret(name: string): unknown {
  const data = { username: base64(`user-${name}`), password: base64(`password-${name}`) };
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace, labels: { bench: "transport" } }, data };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
