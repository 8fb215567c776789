// `status` as we wrote it once. It is our own output, read back for revision, history, `since` and hints only: what is
// malformed counts as absent, and what a newer release wrote (a reason, a condition type) is left out.

import type { Condition, EntryStatus, ExternalSecretStatus } from "../status/external-secret-status.ts";
import { type Reason, reasonPolicy } from "../status/reasons.ts";
import type { SecretStoreStatus } from "../status/secret-store-status.ts";
import { externalSecretStatusSchema } from "./schemas/external-secret-status.ts";
import { secretStoreStatusSchema } from "./schemas/secret-store-status.ts";
import { conform, type Wire } from "./wire-schema.ts";

type ConditionWire = NonNullable<Wire<typeof externalSecretStatusSchema>["conditions"]>[number];
type EntryWire = NonNullable<Wire<typeof externalSecretStatusSchema>["entries"]>[number];

export function parseExternalSecretStatus(raw: unknown): ExternalSecretStatus | undefined {
  const wire = conform(externalSecretStatusSchema, raw, "status");
  if (!wire.ok || wire.value.observedGeneration === undefined) return undefined;
  const { observedGeneration, conditions = [], entries, ...rest } = wire.value;
  return {
    ...rest,
    observedGeneration,
    conditions: conditions.filter(isOwnCondition),
    ...(entries === undefined ? {} : { entries: entries.map(entryStatus) }),
  };
}

export function parseSecretStoreStatus(raw: unknown): SecretStoreStatus | undefined {
  const wire = conform(secretStoreStatusSchema, raw, "status");
  if (!wire.ok || wire.value.observedGeneration === undefined) return undefined;
  const { observedGeneration, conditions = [], ...rest } = wire.value;
  return { ...rest, observedGeneration, conditions: conditions.filter(isOwnCondition) };
}

function isOwnCondition(condition: ConditionWire): condition is ConditionWire & Condition {
  return condition.type === "Ready" || condition.type === "Reconciling" || condition.type === "Stalled";
}

function entryStatus({ reason, ...rest }: EntryWire): EntryStatus {
  return isReason(reason) ? { ...rest, reason } : rest;
}

function isReason(reason: string | undefined): reason is Reason {
  return reason !== undefined && Object.hasOwn(reasonPolicy, reason);
}
