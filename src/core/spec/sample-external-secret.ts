// An ExternalSecret as most of them look, for packed-json.ts: names, words and their order are as the API server sends
// them and as we write status. Nothing depends on its being right but the size of what is packed.

import type { Condition, ExternalSecretStatus } from "../status/external-secret-status.ts";

const TIME = "2026-01-01T00:00:00Z";
const UID = "01234567-89ab-cdef-0123-456789abcdef";

function condition(type: Condition["type"], status: Condition["status"], message: string): Condition {
  return { lastTransitionTime: TIME, message, observedGeneration: 1, reason: "SecretSynced", status, type };
}

export const sampleStatus: ExternalSecretStatus = {
  binding: { name: "database" },
  conditions: [
    condition("Ready", "True", "2 keys from 1 remote secret"),
    condition("Reconciling", "False", ""),
    condition("Stalled", "False", ""),
  ],
  createdFor: UID,
  entries: [
    {
      createdTime: "2026-01-01T00:00:00.000000000Z",
      key: "app/database",
      secretKeys: ["password", "username"],
      secretKeysTotal: 2,
      state: "Synced",
      store: "vault",
      storeKind: "SecretStore",
      version: "1",
    },
  ],
  entryCounts: { failed: 0, synced: 1, total: 1 },
  history: [
    {
      changed: [{ key: "app/database", store: "vault", storeKind: "ClusterSecretStore", to: "1" }],
      changedTotal: 1,
      revision: 1,
      time: TIME,
    },
  ],
  keys: { digest: "", total: 2 },
  lastChangeTime: TIME,
  observedGeneration: 1,
  refreshTime: TIME,
  revision: 1,
  syncedResourceVersion: "1-0123456789ab",
  versionSummary: "1",
};

export const sampleExternalSecret = {
  metadata: {
    name: "database",
    namespace: "team",
    uid: UID,
    resourceVersion: "100000",
    generation: 1,
    labels: {
      "app.kubernetes.io/instance": "app",
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/name": "app",
      "app.kubernetes.io/part-of": "app",
      "helm.toolkit.fluxcd.io/name": "app",
      "kustomize.toolkit.fluxcd.io/name": "app",
    },
    annotations: {
      "argocd.argoproj.io/tracking-id": "app:fairlead.dev/ExternalSecret:team/database",
      "fairlead.dev/force-sync": "1",
    },
    creationTimestamp: TIME,
    deletionTimestamp: undefined,
  },
  spec: {
    data: [
      {
        remoteRef: {
          conversionStrategy: "Default",
          decodingStrategy: "None",
          key: "app/database",
          metadataPolicy: "None",
          property: "username",
        },
        secretKey: "username",
      },
      { remoteRef: { key: "app/database", property: "password" }, secretKey: "password" },
    ],
    dataFrom: [{ extract: { key: "app/database" } }],
    refreshInterval: "1h",
    refreshPolicy: "Periodic",
    secretStoreRef: { kind: "SecretStore", name: "vault" },
    target: { creationPolicy: "Owner", deletionPolicy: "Retain", name: "database" },
  },
  status: sampleStatus,
};
