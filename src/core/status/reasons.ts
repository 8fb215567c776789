// The one table of reasons: what conditions and entries may say, and how each is retried. Code, docs and metrics use it.

/**
 * - `interval`: at the next refresh.
 * - `onChange`: when the spec changes.
 * - `woken`: when what is waited for changes (store, namespace, target).
 * - `entryBackoff`: from 1 s, doubling; cap clamp(interval, 30 s, 5 min), 5 min at interval 0.
 * - `storeProbe`: with the store's own probe, at most 30 s or Retry-After.
 * - `targetBackoff`: from 1 s, doubling to 30 s.
 */
export type RetryRule = "interval" | "onChange" | "woken" | "entryBackoff" | "storeProbe" | "targetBackoff";

export interface ReasonPolicy {
  readonly ready: "True" | "False" | "kept";
  readonly stalled: boolean;
  readonly retry: RetryRule;
}

const well = (retry: RetryRule): ReasonPolicy => ({ ready: "True", stalled: false, retry });
const failing = (retry: RetryRule): ReasonPolicy => ({ ready: "False", stalled: false, retry });
const stalled = (retry: RetryRule): ReasonPolicy => ({ ready: "False", stalled: true, retry });

export const reasonPolicy = {
  SecretSynced: well("interval"),
  SecretRetained: well("interval"),
  SecretDeleted: well("interval"),
  SecretMissing: well("woken"),
  Suspended: { ready: "kept", stalled: false, retry: "onChange" },
  InvalidSpec: stalled("onChange"),
  InvalidReference: stalled("onChange"),
  StoreNotFound: failing("woken"),
  StoreNotReady: failing("storeProbe"),
  StoreNotAllowed: failing("woken"),
  SecretNotFound: failing("entryBackoff"),
  VersionNotFound: failing("entryBackoff"),
  PropertyNotFound: failing("entryBackoff"),
  SecretDeletedRemotely: failing("entryBackoff"),
  SecretDestroyed: failing("entryBackoff"),
  SecretDisabled: failing("entryBackoff"),
  AccessDenied: failing("entryBackoff"),
  MalformedPayload: failing("entryBackoff"),
  Unauthenticated: failing("storeProbe"),
  Throttled: failing("storeProbe"),
  ProviderUnavailable: failing("storeProbe"),
  TargetNotOwned: failing("woken"),
  TargetConflict: failing("woken"),
  TargetImmutable: stalled("woken"),
  /** Stalled for 413 and 422 only: `rejectionStalls` in the plan says which. */
  TargetRejected: failing("targetBackoff"),
  TemplateError: failing("onChange"),
  SecretSyncedError: failing("entryBackoff"),
} as const satisfies Record<string, ReasonPolicy>;

export type Reason = keyof typeof reasonPolicy;

/** Reasons of a store's Ready condition. */
export const storeReasons = [
  "Valid",
  "InvalidProviderConfig",
  "Unauthenticated",
  "AccessDenied",
  "Unreachable",
  "Throttled",
  "MountChanged",
] as const;
export type StoreReason = (typeof storeReasons)[number];
