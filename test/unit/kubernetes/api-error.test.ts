import { describe, expect, test } from "vitest";
import {
  type ApiErrorKind,
  describeApiError,
  errorFromFailure,
  errorFromStatus,
} from "../../../src/kubernetes/api-error.ts";
import { noStatusFacts, statusFacts } from "../../../src/kubernetes/status-body.ts";

const READ = { write: false };
const WRITE = { write: true };

describe("errorFromStatus", () => {
  test.each<{ status: number; reason?: string; kind: ApiErrorKind }>([
    { status: 304, kind: "malformed" },
    { status: 307, kind: "malformed" },
    { status: 400, kind: "badRequest" },
    { status: 401, kind: "unauthorized" },
    { status: 403, kind: "forbidden" },
    { status: 404, kind: "notFound" },
    { status: 405, kind: "badRequest" },
    { status: 406, kind: "badRequest" },
    { status: 409, kind: "conflict" },
    { status: 409, reason: "Conflict", kind: "conflict" },
    { status: 409, reason: "AlreadyExists", kind: "alreadyExists" },
    { status: 410, reason: "Expired", kind: "gone" },
    { status: 413, kind: "tooLarge" },
    { status: 415, kind: "badRequest" },
    { status: 422, reason: "Invalid", kind: "invalid" },
    { status: 429, kind: "throttled" },
    { status: 500, kind: "unavailable" },
    { status: 503, kind: "unavailable" },
    { status: 504, reason: "Timeout", kind: "unavailable" },
  ])("HTTP $status $reason is $kind", ({ status, reason, kind }) => {
    const error = errorFromStatus(status, statusFacts({ kind: "Status", reason }), READ);
    expect(error).toMatchObject({ kind, status, reason });
  });

  test.each([
    { given: "a 500 for a write", status: 500, request: WRITE, ambiguous: true },
    { given: "a 504 for a write", status: 504, request: WRITE, ambiguous: true },
    {
      given: "a 503 with Retry-After for a write",
      status: 503,
      request: { write: true, headerRetryAfterMs: 1000 },
      ambiguous: false,
    },
    { given: "a 409 for a write", status: 409, request: WRITE, ambiguous: false },
    { given: "a 429 for a write", status: 429, request: WRITE, ambiguous: false },
    { given: "a 500 for a read", status: 500, request: READ, ambiguous: false },
  ])("$given: ambiguous $ambiguous", ({ status, request, ambiguous }) => {
    expect(errorFromStatus(status, noStatusFacts, request).ambiguous).toBe(ambiguous);
  });

  test("takes Retry-After from the header before the body", () => {
    const facts = statusFacts({ kind: "Status", details: { retryAfterSeconds: 7 } });
    expect(errorFromStatus(429, facts, READ).retryAfterMs).toBe(7_000);
    expect(errorFromStatus(429, facts, { write: false, headerRetryAfterMs: 2_000 }).retryAfterMs).toBe(2_000);
  });
});

describe("describeApiError", () => {
  const invalid = statusFacts({
    kind: "Status",
    reason: "Invalid",
    message: 'metadata.labels: Invalid value: "canary"',
    details: {
      causes: [{ reason: "FieldValueInvalid", field: "metadata.labels", message: 'Invalid value: "canary"' }],
    },
  });

  test.each([
    {
      error: errorFromStatus(403, statusFacts({ kind: "Status", reason: "Forbidden" }), READ),
      text: "HTTP 403 Forbidden",
    },
    { error: errorFromStatus(418, noStatusFacts, READ), text: "HTTP 418" },
    { error: errorFromStatus(422, invalid, WRITE), text: "HTTP 422 Invalid (metadata.labels)" },
    { error: errorFromFailure("unavailable", "deadline", true), text: "no answer in time" },
    { error: errorFromFailure("unavailable", "tls", false), text: "TLS failed" },
    { error: errorFromFailure("malformed", undefined, false), text: "the answer could not be read" },
    { error: errorFromFailure("aborted", undefined, false), text: "the call was given up" },
  ])("says $text", ({ error, text }) => {
    expect(describeApiError(error)).toBe(text);
  });

  test("holds nothing of the server's text", () => {
    expect(JSON.stringify(errorFromStatus(422, invalid, WRITE))).not.toContain("canary");
  });
});
