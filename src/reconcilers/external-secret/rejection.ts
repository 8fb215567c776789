// What a refused write to a Secret means: look again, try later, or tell the user. Codes and field paths only: the API
// server quotes label values in its messages.

import type { ObjectName } from "../../core/object-key.ts";
import type { ApiError, ApiErrorKind } from "../../kubernetes/api-error.ts";
import { isProvedAbsent } from "../../kubernetes/proved-absence.ts";
import type { Withheld, WriteRefusal } from "./target-writer.ts";

export type Rejection =
  /** The Secret is not what we saw: read it again and decide anew. */
  | { readonly kind: "lookAgain" }
  /** The ExternalSecret is no more: nothing may be done in its name. */
  | { readonly kind: "gone" }
  /** The API server did not decide, or we cannot know: try again soon. */
  | { readonly kind: "later"; readonly retryAfterMs: number }
  | { readonly kind: "rejected"; readonly message: string; readonly isStalled: boolean };

type Judge = (error: ApiError, target: ObjectName) => Rejection;

const lookAgain: Judge = () => ({ kind: "lookAgain" });
const later: Judge = (error) => ({ kind: "later", retryAfterMs: error.retryAfterMs ?? 0 });
const absent: Judge = (error, { namespace, name }) =>
  isProvedAbsent(error)
    ? rejected(`namespace ${namespace} or Secret ${name} went away`, false)
    : { kind: "later", retryAfterMs: 0 };
const forbidden: Judge = (error, target) => rejected(forbiddenMessage(error, target), false);
/** A changed uid shows as 422 on `metadata.uid`, not as a conflict (apiserver, rest.BeforeUpdate). */
const invalid: Judge = (error, target) =>
  error.causes.some((cause) => cause.field === "metadata.uid")
    ? { kind: "lookAgain" }
    : rejected(invalidMessage(error, target), error.kind !== "badRequest");

const judges: Readonly<Record<ApiErrorKind, Judge>> = {
  alreadyExists: lookAgain,
  conflict: lookAgain,
  gone: lookAgain,
  notFound: absent,
  forbidden,
  invalid,
  tooLarge: invalid,
  badRequest: invalid,
  unauthorized: later,
  throttled: later,
  unavailable: later,
  malformed: later,
  aborted: later,
};

export function judgeRejection(refusal: WriteRefusal, target: ObjectName): Rejection {
  return refusal.kind === "withheld" ? judgeWithheld(refusal, target) : judges[refusal.kind](refusal, target);
}

function judgeWithheld({ why, retryAfterMs }: Withheld, { namespace }: ObjectName): Rejection {
  switch (why) {
    case "gone":
      return { kind: "gone" };
    case "denied":
      return rejected(
        `the operator may not read ExternalSecrets in namespace ${namespace} (HTTP 403); its role must allow it`,
        false,
      );
    case "unclear":
      return { kind: "later", retryAfterMs };
  }
}

function forbiddenMessage(error: ApiError, target: ObjectName): string {
  if (error.namespaceTerminating) return `namespace ${target.namespace} is being deleted`;
  if (error.quotaExceeded)
    return `a resource quota of namespace ${target.namespace} is exhausted; raise it or remove other objects`;
  return `the operator may not write Secrets in namespace ${target.namespace} (HTTP 403); its role must allow it`;
}

function invalidMessage(error: ApiError, target: ObjectName): string {
  const fields = [...new Set(error.causes.map((cause) => cause.field))].slice(0, 5).join(", ");
  const where = fields === "" ? "" : ` at ${fields}`;
  return `the API server refused Secret ${target.name} (HTTP ${error.status ?? "error"})${where}; correct the spec or the values`;
}

function rejected(message: string, isStalled: boolean): Rejection {
  return { kind: "rejected", message, isStalled };
}
