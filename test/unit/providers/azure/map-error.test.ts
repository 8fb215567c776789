// Answers of Key Vault to kinds. The recorded bodies are those of Microsoft's page on REST error codes.

import { expect, test } from "vitest";
import type { ProviderErrorKind } from "../../../../src/core/provider/error.ts";
import { errorOfReply } from "../../../../src/providers/azure/map-error.ts";

function reply(status: number, body: object | string, retryAfterMs?: number) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: {}, body: Buffer.from(text), retryAfterMs, serverTimeMs: undefined };
}

function error(code: string, inner?: string, name = "innererror"): object {
  return {
    error: { code, message: "vendor-text-canary", ...(inner === undefined ? {} : { [name]: { code: inner } }) },
  };
}

test.each<{ status: number; body: object | string; kind: ProviderErrorKind }>([
  { status: 400, body: error("BadParameter"), kind: "unavailable" },
  { status: 401, body: error("Unauthorized"), kind: "unauthenticated" },
  { status: 403, body: error("Forbidden", "AccessDenied"), kind: "accessDenied" },
  { status: 403, body: error("Forbidden", "ForbiddenByPolicy"), kind: "accessDenied" },
  { status: 403, body: error("Forbidden", "ForbiddenByRbac"), kind: "accessDenied" },
  { status: 403, body: error("Forbidden"), kind: "accessDenied" },
  { status: 403, body: error("Forbidden", "ForbiddenByFirewall"), kind: "unavailable" },
  { status: 403, body: error("Forbidden", "ForbiddenByConnection"), kind: "unavailable" },
  { status: 403, body: error("Forbidden", "SecretDisabled"), kind: "disabled" },
  { status: 403, body: error("Forbidden", "SecretDisabled", "innerError"), kind: "disabled" },
  { status: 403, body: error("Forbidden", "SecretNotYetValid"), kind: "disabled" },
  { status: 403, body: error("Forbidden", "SecretExpired"), kind: "disabled" },
  { status: 404, body: error("SecretNotFound"), kind: "notFound" },
  { status: 404, body: error("KeyNotFound"), kind: "notFound" },
  { status: 404, body: error("CertificateNotFound"), kind: "notFound" },
  { status: 404, body: error("VaultNotFound"), kind: "unavailable" },
  { status: 409, body: error("Conflict"), kind: "unavailable" },
  { status: 429, body: error("Throttled"), kind: "throttled" },
  { status: 429, body: "", kind: "throttled" },
  { status: 500, body: error("InternalServerError"), kind: "unavailable" },
  { status: 503, body: "<html>", kind: "unavailable" },
  { status: 204, body: "", kind: "unavailable" },
  { status: 302, body: "", kind: "unavailable" },
  // Not by the vault: something before it.
  { status: 401, body: "<html>vendor-text-canary</html>", kind: "unavailable" },
  { status: 403, body: "<html>vendor-text-canary</html>", kind: "unavailable" },
  { status: 404, body: "<html>vendor-text-canary</html>", kind: "unavailable" },
  { status: 404, body: {}, kind: "unavailable" },
])("HTTP $status with $body is $kind", ({ status, body, kind }) => {
  const failure = errorOfReply(reply(status, body, 4_000));
  expect(failure).toMatchObject({ kind, httpStatus: status, retryAfterMs: 4_000 });
  expect(JSON.stringify(failure)).not.toContain("vendor-text-canary");
});

test("HTTP 200 is no error", () => {
  expect(errorOfReply(reply(200, "{}"))).toBeUndefined();
});
