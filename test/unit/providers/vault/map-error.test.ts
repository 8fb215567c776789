// The table from answers to kinds, over replies as Vault gives them.

import { describe, expect, test } from "vitest";
import {
  errorOfLogin,
  errorOfReply,
  isDenial,
  meaningOfNotFound,
  unexpectedShape,
} from "../../../../src/providers/vault/map-error.ts";
import { VaultReply } from "../../../../src/providers/vault/vault-reply.ts";

const CANARY = "canary-4711";
const PERMISSION_DENIED = `{"errors":["1 error occurred:\\n\\t* permission denied ${CANARY}\\n\\n"]}`;
const NO_HANDLER = `{"errors":["no handler for route \\"${CANARY}/data/a\\". route entry not found."]}`;
const ABSENT = `{"errors":[]}`;
const HTML = `<html><body>${CANARY}</body></html>`;

function reply(status: number, body: string, retryAfterMs?: number): VaultReply {
  return new VaultReply({ status, headers: {}, retryAfterMs, serverTimeMs: undefined, body: Buffer.from(body) });
}

function versionBody(metadata: string): string {
  return `{"request_id":"r","data":{"data":null,"metadata":${metadata}}}`;
}

describe("errorOfReply", () => {
  test.each([
    { status: 403, body: PERMISSION_DENIED, kind: "accessDenied", detail: "Vault denied access (HTTP 403)" },
    { status: 403, body: HTML, kind: "unavailable", detail: "the answer is not one that Vault gives (HTTP 403)" },
    {
      status: 429,
      body: `{"errors":["rate limit ${CANARY}"]}`,
      kind: "throttled",
      detail: "Vault's rate quota is used up (HTTP 429)",
    },
    {
      status: 503,
      body: `{"errors":["Vault is sealed"]}`,
      kind: "unavailable",
      detail: "Vault is sealed or has no leader (HTTP 503)",
    },
    { status: 503, body: HTML, kind: "unavailable", detail: "Vault is sealed or has no leader (HTTP 503)" },
    { status: 500, body: `{"errors":["${CANARY}"]}`, kind: "unavailable", detail: "Vault failed (HTTP 500)" },
    {
      status: 412,
      body: `{"errors":["${CANARY}"]}`,
      kind: "unavailable",
      detail: "Vault has not caught up with its last write (HTTP 412)",
    },
    { status: 472, body: "", kind: "unavailable", detail: "Vault is a disaster recovery secondary (HTTP 472)" },
    { status: 473, body: "", kind: "unavailable", detail: "Vault is a performance standby (HTTP 473)" },
    { status: 474, body: "", kind: "unavailable", detail: "Vault is a standby without an active node (HTTP 474)" },
    { status: 501, body: "", kind: "unavailable", detail: "Vault is not initialised (HTTP 501)" },
    { status: 301, body: "", kind: "unavailable", detail: "redirect refused (HTTP 301)" },
    { status: 307, body: "", kind: "unavailable", detail: "redirect refused (HTTP 307)" },
    { status: 404, body: HTML, kind: "unavailable", detail: "the answer is not one that Vault gives (HTTP 404)" },
    { status: 418, body: HTML, kind: "unavailable", detail: "the answer is not one that Vault gives (HTTP 418)" },
    { status: 202, body: "{}", kind: "unavailable", detail: "the answer is not one that Vault gives (HTTP 202)" },
    {
      status: 400,
      body: `{"errors":["${CANARY}"]}`,
      kind: "unavailable",
      detail: "Vault could not serve the request (HTTP 400)",
    },
  ])("$status with $body is $kind", ({ status, body, kind, detail }) => {
    const error = errorOfReply(reply(status, body));
    expect(error).toEqual({ kind, detail, httpStatus: status, retryAfterMs: undefined });
    expect(JSON.stringify(error)).not.toContain(CANARY);
  });

  test("no status is taken for an absence", () => {
    for (let status = 100; status < 600; status += 1) {
      expect(["unavailable", "throttled", "accessDenied"]).toContain(errorOfReply(reply(status, ABSENT)).kind);
    }
  });

  test.each([
    { status: 429, retryAfterMs: 7000 },
    { status: 503, retryAfterMs: 7000 },
    { status: 500, retryAfterMs: undefined },
  ])("Retry-After of $status counts as $retryAfterMs", ({ status, retryAfterMs }) => {
    expect(errorOfReply(reply(status, ABSENT, 7000)).retryAfterMs).toBe(retryAfterMs);
  });
});

describe("errorOfLogin", () => {
  test.each([
    { status: 400, body: `{"errors":["invalid role name ${CANARY}"]}`, kind: "unauthenticated" },
    { status: 403, body: PERMISSION_DENIED, kind: "unauthenticated" },
    { status: 404, body: NO_HANDLER, kind: "unauthenticated" },
    { status: 403, body: HTML, kind: "unavailable" },
    { status: 400, body: "", kind: "unavailable" },
    { status: 500, body: `{"errors":["${CANARY}"]}`, kind: "unavailable" },
    { status: 503, body: `{"errors":["Vault is sealed"]}`, kind: "unavailable" },
    { status: 429, body: ABSENT, kind: "throttled" },
    { status: 200, body: "{}", kind: "unavailable" },
  ])("$status with $body is $kind", ({ status, body, kind }) => {
    const error = errorOfLogin(reply(status, body), "AppRole");
    expect(error.kind).toBe(kind);
    expect(error.detail).not.toContain(CANARY);
  });
});

describe("meaningOfNotFound", () => {
  test.each([
    { body: ABSENT, meaning: "absent" },
    { body: NO_HANDLER, meaning: "noMount" },
    { body: versionBody(`{"deletion_time":"2026-01-01T00:00:00Z","destroyed":false,"version":3}`), meaning: "deleted" },
    {
      body: versionBody(`{"deletion_time":"2026-01-01T00:00:00Z","destroyed":true,"version":3}`),
      meaning: "destroyed",
    },
    { body: versionBody(`{"deletion_time":"","destroyed":true,"version":3}`), meaning: "destroyed" },
    { body: versionBody(`{"deletion_time":"","destroyed":false,"version":3}`), meaning: "unexpected" },
    { body: versionBody("{}"), meaning: "unexpected" },
    {
      body: `{"request_id":"r","data":null,"warnings":["Invalid path for a versioned K/V secrets engine"]}`,
      meaning: "unexpected",
    },
    { body: `{"errors":{}}`, meaning: "unexpected" },
    { body: `{"errors":"none"}`, meaning: "unexpected" },
    { body: "{}", meaning: "unexpected" },
    { body: "[]", meaning: "unexpected" },
    { body: "null", meaning: "unexpected" },
    { body: "", meaning: "unexpected" },
    { body: HTML, meaning: "unexpected" },
    { body: `{"errors":[]`, meaning: "unexpected" },
  ])("$body is $meaning", ({ body, meaning }) => {
    expect(meaningOfNotFound(reply(404, body))).toBe(meaning);
  });
});

test("only Vault's own 403 is a denial", () => {
  expect([
    isDenial(reply(403, PERMISSION_DENIED)),
    isDenial(reply(403, HTML)),
    isDenial(reply(401, PERMISSION_DENIED)),
  ]).toEqual([true, false, false]);
});

test("a value nested too deeply is the value's fault, other odd answers are the store's", () => {
  expect(unexpectedShape(reply(200, `${"[".repeat(100)}${"]".repeat(100)}`)).kind).toBe("malformedPayload");
  expect(unexpectedShape(reply(200, "{}")).kind).toBe("unavailable");
});
