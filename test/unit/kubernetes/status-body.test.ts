import { describe, expect, test } from "vitest";
import { noStatusFacts, parseJson, statusFacts } from "../../../src/kubernetes/status-body.ts";

const CANARY = "canary-71c2";

describe("statusFacts", () => {
  test.each([
    { body: undefined },
    { body: "Status" },
    { body: [] },
    { body: { kind: "Secret", code: 409 } },
    { body: { kind: "Status", code: "409", reason: CANARY, details: CANARY } },
  ])("finds nothing in $body", ({ body }) => {
    expect(statusFacts(body)).toEqual(noStatusFacts);
  });

  test("reads code, reason and retryAfterSeconds", () => {
    const body = { kind: "Status", code: 429, reason: "TooManyRequests", details: { retryAfterSeconds: 3 } };
    expect(statusFacts(body)).toMatchObject({ code: 429, reason: "TooManyRequests", retryAfterMs: 3_000 });
  });

  test.each([
    { field: "metadata.labels", kept: "metadata.labels" },
    { field: "spec.data[2].secretKey", kept: "spec.data[2].secretKey" },
    { field: `metadata.labels[${CANARY}]`, kept: "metadata.labels" },
    { field: `data[.${CANARY}]`, kept: "data" },
    { field: `metadata.annotations["${CANARY}"].x`, kept: "metadata.annotations" },
    { field: `"${CANARY}"`, kept: undefined },
    { field: "<nil>", kept: undefined },
    { field: 7, kept: undefined },
  ])("keeps of the field $field: $kept", ({ field, kept }) => {
    const causes = [{ reason: "FieldValueInvalid", field, message: CANARY }];
    expect(statusFacts({ kind: "Status", details: { causes } }).causes).toEqual([
      { field: kept, reason: "FieldValueInvalid" },
    ]);
  });

  test("leaves out causes whose reason is not on the list, and more than 20", () => {
    const known = { reason: "FieldValueInvalid", field: "a" };
    const causes = [{ reason: CANARY, field: "a" }, null, ...Array.from({ length: 40 }, () => known)];
    expect(statusFacts({ kind: "Status", details: { causes } }).causes).toHaveLength(18);
  });

  test("tells a terminating namespace by its cause", () => {
    const causes = [{ reason: "NamespaceTerminating", field: "metadata.namespace" }];
    expect(statusFacts({ kind: "Status", details: { causes } }).namespaceTerminating).toBe(true);
  });

  test.each([
    { message: `secrets "${CANARY}" is forbidden: exceeded quota: q, requested: secrets=1`, quotaExceeded: true },
    { message: "secrets is forbidden: User cannot create", quotaExceeded: false },
  ])("tells a full quota by its text: $quotaExceeded", ({ message, quotaExceeded }) => {
    const facts = statusFacts({ kind: "Status", message });
    expect(facts.quotaExceeded).toBe(quotaExceeded);
    expect(JSON.stringify(facts)).not.toContain(CANARY);
  });
});

describe("parseJson", () => {
  test.each([
    { body: "", result: { ok: true, value: undefined } },
    { body: '{"a":1}', result: { ok: true, value: { a: 1 } } },
    { body: '{"a":', result: { ok: false, error: "malformed" } },
    { body: "<html>", result: { ok: false, error: "malformed" } },
  ])("reads $body", ({ body, result }) => {
    expect(parseJson(Buffer.from(body))).toEqual(result);
  });
});
