// What we take from a `Status` object of the API server: closed lists, field paths and flags, never its text.
// Format: kubernetes/apimachinery pkg/apis/meta/v1/types.go, Status and StatusDetails.

import { failed, ok, type Result } from "../core/result.ts";
import { isRecord, recordOf } from "../core/unknown.ts";

/** Values of `Status.reason`. */
export const statusReasons = [
  "Unauthorized",
  "Forbidden",
  "NotFound",
  "AlreadyExists",
  "Conflict",
  "Gone",
  "Invalid",
  "ServerTimeout",
  "StoreReadError",
  "Timeout",
  "TooManyRequests",
  "BadRequest",
  "MethodNotAllowed",
  "NotAcceptable",
  "RequestEntityTooLarge",
  "UnsupportedMediaType",
  "InternalError",
  "Expired",
  "ServiceUnavailable",
] as const;
export type StatusReason = (typeof statusReasons)[number];

/** Values of `Status.details.causes[].reason`. */
export const causeReasons = [
  "FieldValueNotFound",
  "FieldValueRequired",
  "FieldValueDuplicate",
  "FieldValueInvalid",
  "FieldValueNotSupported",
  "FieldValueForbidden",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
  "FieldManagerConflict",
  "InternalError",
  "NamespaceTerminating",
  "ResourceVersionTooLarge",
  "UnexpectedServerResponse",
] as const;
export type CauseReason = (typeof causeReasons)[number];

export interface FieldCause {
  /** Such as `metadata.labels` or `spec.data[2].secretKey`; cut before anything that a user could have named. */
  readonly field: string | undefined;
  readonly reason: CauseReason;
}

export interface StatusFacts {
  /** HTTP code that the Status names. */
  readonly code: number | undefined;
  readonly reason: StatusReason | undefined;
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly FieldCause[];
  /** Known by text alone: kubernetes/apiserver, plugin/resourcequota controller.go says "exceeded quota". */
  readonly quotaExceeded: boolean;
  readonly namespaceTerminating: boolean;
}

export const noStatusFacts: StatusFacts = {
  code: undefined,
  reason: undefined,
  retryAfterMs: undefined,
  causes: [],
  quotaExceeded: false,
  namespaceTerminating: false,
};

/** At most so many causes are kept. */
const MAX_CAUSES = 20;
const MAX_FIELD_LENGTH = 200;
const FIELD_PATH = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*|\[\d+\])*/;

/** Reads a parsed body; anything that is no Status yields no facts. */
export function statusFacts(body: unknown): StatusFacts {
  if (!isRecord(body) || body["kind"] !== "Status") return noStatusFacts;
  const details = recordOf(body["details"]);
  const causes = readCauses(details["causes"]);
  const retryAfterSeconds = details["retryAfterSeconds"];
  const message = body["message"];
  return {
    code: typeof body["code"] === "number" ? body["code"] : undefined,
    reason: statusReasons.find((known) => known === body["reason"]),
    retryAfterMs: typeof retryAfterSeconds === "number" && retryAfterSeconds > 0 ? retryAfterSeconds * 1000 : undefined,
    causes,
    quotaExceeded: typeof message === "string" && message.includes("exceeded quota"),
    namespaceTerminating: causes.some((cause) => cause.reason === "NamespaceTerminating"),
  };
}

function readCauses(causes: unknown): readonly FieldCause[] {
  if (!Array.isArray(causes)) return [];
  return causes.slice(0, MAX_CAUSES).flatMap((cause: unknown) => {
    if (!isRecord(cause)) return [];
    const reason = causeReasons.find((known) => known === cause["reason"]);
    return reason === undefined ? [] : [{ field: fieldPath(cause["field"]), reason }];
  });
}

function fieldPath(field: unknown): string | undefined {
  return typeof field === "string" ? FIELD_PATH.exec(field.slice(0, MAX_FIELD_LENGTH))?.[0] : undefined;
}

/** The body of an answer; an empty one is undefined. */
export function parseJson(body: Buffer): Result<unknown, "malformed"> {
  if (body.length === 0) return ok(undefined);
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return ok(value);
  } catch {
    return failed("malformed");
  }
}
