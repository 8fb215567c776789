// An ExternalSecret as most of them look, for packed-json.ts: names, words and their order are as the API server sends
// them and as we write status. Nothing depends on its being right but the size of what is packed.

const TIME = "2026-01-01T00:00:00Z";
const store = { storeKind: "SecretStore", store: "vault", key: "app/database" } as const;
const word = { observedGeneration: 1, lastTransitionTime: TIME } as const;
const reasons = [
  ...["ProviderUnavailable", "Unauthenticated", "AccessDenied", "SecretNotFound", "StoreNotReady"],
  ...["ClusterSecretStore", "Orphan", "CreatedOnce", "OnChange", "Pending", "Failed", "1h0m0s"],
];

export const sampleExternalSecret = {
  metadata: {
    name: "database",
    namespace: "team",
    uid: "01234567-89ab-cdef-0123-456789abcdef",
    resourceVersion: "100000",
    generation: 1,
    labels: {
      "helm.toolkit.fluxcd.io/name": "kustomize.toolkit.fluxcd.io/name",
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/instance": "app",
      "app.kubernetes.io/part-of": "app",
      "app.kubernetes.io/name": "app",
    },
    annotations: {
      "argocd.argoproj.io/tracking-id": "app:fairlead.dev/ExternalSecret:team/database",
      "fairlead.dev/force-sync": "1",
      reasons: reasons.join(),
    },
    creationTimestamp: TIME,
    deletionTimestamp: undefined,
  },
  spec: {
    dataFrom: [{ extract: { key: "app/database" } }],
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
    refreshInterval: "1h",
    refreshPolicy: "Periodic",
    secretStoreRef: { kind: "SecretStore", name: "vault" },
    target: { creationPolicy: "Owner", deletionPolicy: "Retain", name: "database" },
  },
  status: {
    binding: { name: "database" },
    conditions: [
      { ...word, message: "2 keys from 1 remote secret", reason: "SecretSynced", status: "True", type: "Ready" },
      { ...word, message: "", reason: "SecretSynced", status: "False", type: "Reconciling" },
      { ...word, message: "", reason: "SecretSynced", status: "False", type: "Stalled" },
    ],
    entries: [
      {
        createdTime: "2026-01-01T00:00:00.000000000Z",
        ...store,
        secretKeys: ["password", "username"],
        secretKeysTotal: 2,
        state: "Synced",
        version: "1",
      },
    ],
    entryCounts: { failed: 0, synced: 1, total: 1 },
    history: [{ changed: [{ ...store, to: "1" }], changedTotal: 1, revision: 1, time: TIME }],
    keys: { digest: "0123456789abcdef", total: 2 },
    lastChangeTime: TIME,
    observedGeneration: 1,
    refreshTime: TIME,
    revision: 1,
    syncedResourceVersion: "1-0123456789ab",
    versionSummary: "1",
  },
};
