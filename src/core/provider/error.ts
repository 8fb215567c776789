// Why a store did not give what was asked: one taxonomy for all providers. The reason that users see stands beside
// each kind; retry rules belong to the reason (status/reasons.ts). Unknown answers are `unavailable`, never `notFound`.

import type { Reason } from "../status/reasons.ts";

/** Where the failure belongs: to one entry, or to the store identity as a whole. */
export type FailureScope = "entry" | "store";

export const providerErrorPolicy = {
  notFound: { reason: "SecretNotFound", scope: "entry" },
  versionNotFound: { reason: "VersionNotFound", scope: "entry" },
  deleted: { reason: "SecretDeletedRemotely", scope: "entry" },
  destroyed: { reason: "SecretDestroyed", scope: "entry" },
  disabled: { reason: "SecretDisabled", scope: "entry" },
  accessDenied: { reason: "AccessDenied", scope: "entry" },
  invalidReference: { reason: "InvalidReference", scope: "entry" },
  malformedPayload: { reason: "MalformedPayload", scope: "entry" },
  unauthenticated: { reason: "Unauthenticated", scope: "store" },
  throttled: { reason: "Throttled", scope: "store" },
  unavailable: { reason: "ProviderUnavailable", scope: "store" },
  invalidConfig: { reason: "StoreNotReady", scope: "store" },
  mountChanged: { reason: "StoreNotReady", scope: "store" },
} as const satisfies Record<string, { readonly reason: Reason; readonly scope: FailureScope }>;

export type ProviderErrorKind = keyof typeof providerErrorPolicy;

export interface ProviderError {
  readonly kind: ProviderErrorKind;
  /**
   * Our own words, one clause without a full stop, such as "Vault is sealed (HTTP 503)" or "no such mount". Made from
   * kind, status and configuration only: never vendor text, never a value.
   */
  readonly detail: string;
  readonly httpStatus: number | undefined;
  /** At least so long before another try, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /**
   * An absence whose mount could not be compared with what this session had seen before: reported as it is, never
   * acted upon.
   */
  readonly isUnproved?: true;
}

export function providerError(
  kind: ProviderErrorKind,
  detail: string,
  facts: { readonly httpStatus?: number | undefined; readonly retryAfterMs?: number | undefined } = {},
): ProviderError {
  return { kind, detail, httpStatus: facts.httpStatus, retryAfterMs: facts.retryAfterMs };
}

/** The kinds that a deletion policy may meet once they are confirmed, unless `isUnproved`. Nothing else ever. */
export function isConfirmableAbsence(kind: ProviderErrorKind): boolean {
  return kind === "notFound" || kind === "deleted" || kind === "destroyed";
}
