import { expect, test } from "vitest";
import type { Withheld } from "../../../../src/reconcilers/external-secret/target-writer.ts";
import { judgeRejection } from "../../../../src/reconcilers/external-secret/rejection.ts";
import { type ApiError, errorFromFailure, errorFromStatus } from "../../../../src/kubernetes/api-error.ts";
import { noStatusFacts, type StatusFacts } from "../../../../src/kubernetes/status-body.ts";

const name = { namespace: "team-a", name: "db" };

function answered(status: number, facts: Partial<StatusFacts> = {}): ApiError {
  return errorFromStatus(status, { ...noStatusFacts, ...facts }, { write: true });
}

const withheld = (why: Withheld["why"]) => ({ kind: "withheld", why, retryAfterMs: 9 }) as const;
const field = (path: string) => ({ causes: [{ field: path, reason: "FieldValueInvalid" }] }) as const;

test.each([
  { given: "a conflict", error: answered(409), then: { kind: "lookAgain" } },
  { given: "a name that is taken", error: answered(409, { reason: "AlreadyExists" }), then: { kind: "lookAgain" } },
  { given: "a resourceVersion that is gone", error: answered(410), then: { kind: "lookAgain" } },
  { given: "another uid", error: answered(422, field("metadata.uid")), then: { kind: "lookAgain" } },
  { given: "a refused field", error: answered(422, field("metadata.labels")), then: { isStalled: true } },
  { given: "a body that is too large", error: answered(413), then: { isStalled: true } },
  { given: "a bad request", error: answered(400), then: { isStalled: false } },
  { given: "a missing namespace", error: answered(404, { reason: "NotFound" }), then: { isStalled: false } },
  { given: "a 404 of a proxy", error: answered(404), then: { kind: "later", retryAfterMs: 0 } },
  { given: "a write that was withheld", error: withheld("unclear"), then: { kind: "later", retryAfterMs: 9 } },
  { given: "an ExternalSecret that is gone", error: withheld("gone"), then: { kind: "gone" } },
  { given: "a missing role", error: answered(403), then: { isStalled: false } },
  { given: "an expired token", error: answered(401), then: { kind: "later", retryAfterMs: 0 } },
  { given: "throttling", error: answered(429, { retryAfterMs: 7_000 }), then: { kind: "later", retryAfterMs: 7_000 } },
  { given: "a server error", error: answered(500), then: { kind: "later", retryAfterMs: 0 } },
  {
    given: "no answer",
    error: errorFromFailure("unavailable", "reset", true),
    then: { kind: "later", retryAfterMs: 0 },
  },
  {
    given: "an answer that makes no sense",
    error: errorFromFailure("malformed", undefined, true),
    then: { kind: "later" },
  },
  { given: "an aborted call", error: errorFromFailure("aborted", undefined, true), then: { kind: "later" } },
])("judgeRejection: $given means $then", ({ error, then }) => {
  expect(judgeRejection(error, name)).toMatchObject(then);
});

test.each([
  {
    given: "a quota",
    error: answered(403, { quotaExceeded: true }),
    then: "a resource quota of namespace team-a is exhausted",
  },
  {
    given: "a namespace that ends",
    error: answered(403, { namespaceTerminating: true }),
    then: "namespace team-a is being deleted",
  },
  { given: "a missing role", error: answered(403), then: "may not write Secrets in namespace team-a (HTTP 403)" },
  {
    given: "two bad labels",
    error: answered(422, field("metadata.labels")),
    then: "refused Secret db (HTTP 422) at metadata.labels; correct",
  },
  { given: "an ExternalSecret we may not see", error: withheld("denied"), then: "may not read ExternalSecrets in" },
  { given: "no field", error: answered(413), then: "refused Secret db (HTTP 413); correct" },
  {
    given: "something that went",
    error: answered(404, { reason: "NotFound" }),
    then: "namespace team-a or Secret db went away",
  },
])("a message about $given says what to do", ({ error, then }) => {
  const rejection = judgeRejection(error, name);
  expect(rejection.kind === "rejected" ? rejection.message : "").toContain(then);
});
