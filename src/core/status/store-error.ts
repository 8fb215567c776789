// What a store's Ready condition says about a provider's error, and what its ExternalSecrets say about the store.

import type { ProviderError, ProviderErrorKind } from "../provider/error.ts";
import type { Reason, StoreReason } from "./reasons.ts";

export type StoreFailureReason = Exclude<StoreReason, "Valid">;

export interface StoreFailure {
  readonly reason: StoreFailureReason;
  /** One sentence without a full stop. */
  readonly message: string;
  /** No retry can help until the store or what it references changes. */
  readonly stalled: boolean;
}

/** The entry kinds are no answer to a validation: like every unknown answer they say that the store cannot be used now. */
const storeReasonByKind = {
  invalidConfig: "InvalidProviderConfig",
  mountChanged: "MountChanged",
  unauthenticated: "Unauthenticated",
  accessDenied: "AccessDenied",
  throttled: "Throttled",
  unavailable: "Unreachable",
  malformedPayload: "Unreachable",
  invalidReference: "Unreachable",
  notFound: "Unreachable",
  versionNotFound: "Unreachable",
  deleted: "Unreachable",
  destroyed: "Unreachable",
  disabled: "Unreachable",
} as const satisfies Record<ProviderErrorKind, StoreFailureReason>;

const externalSecretReasonByStore = {
  InvalidProviderConfig: "StoreNotReady",
  MountChanged: "StoreNotReady",
  Unauthenticated: "Unauthenticated",
  AccessDenied: "AccessDenied",
  Throttled: "Throttled",
  Unreachable: "ProviderUnavailable",
} as const satisfies Record<StoreFailureReason, Reason>;

export function storeFailure({ kind, detail }: ProviderError): StoreFailure {
  const reason = storeReasonByKind[kind];
  return { reason, message: detail, stalled: reason === "InvalidProviderConfig" };
}

/** The reason of ExternalSecrets whose store is not Ready for `reason`. */
export function externalSecretReason(reason: StoreFailureReason): Reason {
  return externalSecretReasonByStore[reason];
}
