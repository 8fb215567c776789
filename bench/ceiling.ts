// The ceiling of this rig: a bare loop that sends what a cold sync must send (create the Secret, patch the status,
// create the Event) with equal bodies, through a plain keep-alive client that decides nothing.

import { NAMESPACE } from "../test/demo/manifests.ts";
import { ok, patchTypes } from "../test/testbed/kubernetes-api.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { forEachIndex } from "./for-each-index.ts";

export interface Ceiling {
  readonly seconds: number;
  readonly syncsPerSecond: number;
}

/** Uses ExternalSecrets that exist, and removes what it made. The status patch writes a field that the operator replaces. */
export async function measureCeiling(rig: Rig, count: number): Promise<Ceiling> {
  const startedMs = performance.now();
  await forEachIndex(count, async (index) => {
    await ok(rig.api.post(`/api/v1/namespaces/${NAMESPACE}/secrets`, secret(index)));
    const status = `/apis/fairlead.dev/v1/namespaces/${NAMESPACE}/externalsecrets/bench-${index}/status`;
    await ok(
      rig.api.patch(status, { status: { observedGeneration: -1, versionSummary: "ceiling" } }, patchTypes.merge),
    );
    await ok(rig.api.post(`/api/v1/namespaces/${NAMESPACE}/events`, event(index)));
  });
  const seconds = (performance.now() - startedMs) / 1000;
  await ok(rig.api.delete(`/api/v1/namespaces/${NAMESPACE}/secrets?labelSelector=bench%3Dceiling`));
  return { seconds, syncsPerSecond: count / seconds };
}

function secret(index: number): unknown {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `ceiling-${index}`, namespace: NAMESPACE, labels: { bench: "ceiling" } },
    type: "Opaque",
    data: { username: base64(`user-${index}`), password: base64(`password-${index}`) },
  };
}

function event(index: number): unknown {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `ceiling-${index}`, namespace: NAMESPACE },
    involvedObject: {
      apiVersion: "fairlead.dev/v1",
      kind: "ExternalSecret",
      name: `bench-${index}`,
      namespace: NAMESPACE,
    },
    type: "Normal",
    reason: "SecretSynced",
    message: "2 keys from 1 remote secret",
  };
}
