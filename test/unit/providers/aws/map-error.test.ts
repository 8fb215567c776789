// What answers of AWS mean: by code, in all the forms in which services give it.

import { describe, expect, test } from "vitest";
import type { HttpReply } from "../../../../src/providers/http/http-message.ts";
import { errorOfCode, errorOfLogin, errorOfReply } from "../../../../src/providers/aws/map-error.ts";

const CANARY = "vendor-canary-51c2";

function reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpReply {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text), retryAfterMs: 7_000, serverTimeMs: undefined };
}

describe("an answer", () => {
  test.each([
    { code: "ResourceNotFoundException", kind: "notFound" },
    { code: "ParameterNotFound", kind: "notFound" },
    { code: "ParameterVersionNotFound", kind: "versionNotFound" },
    { code: "InvalidRequestException", kind: "deleted" },
    { code: "InvalidParameterException", kind: "invalidReference" },
    { code: "ValidationException", kind: "invalidReference" },
    { code: "DecryptionFailure", kind: "disabled" },
    { code: "DecryptionFailureException", kind: "disabled" },
    { code: "AccessDeniedException", kind: "accessDenied" },
    { code: "ThrottlingException", kind: "throttled" },
    { code: "TooManyRequestsException", kind: "throttled" },
    { code: "ExpiredTokenException", kind: "unauthenticated" },
    { code: "UnrecognizedClientException", kind: "unauthenticated" },
    { code: "InvalidSignatureException", kind: "unauthenticated" },
    { code: "InternalServiceError", kind: "unavailable" },
    { code: "NeverHeardOfIt", kind: "unavailable" },
    { code: "constructor", kind: "unavailable" },
  ])("with code $code is $kind, in each form of it", ({ code, kind }) => {
    const forms = [
      reply(400, { __type: code, message: CANARY }),
      reply(400, { __type: `com.amazonaws.secretsmanager#${code}` }),
      reply(400, { code }),
      reply(400, {}, { "x-amzn-errortype": `${code}:http://internal.amazon.com/x/` }),
      reply(400, `<ErrorResponse><Error><Code>${code}</Code><Message>${CANARY}</Message></Error></ErrorResponse>`),
    ];
    for (const form of forms) {
      const error = errorOfReply(form);
      expect(error).toMatchObject({ kind, httpStatus: 400 });
      expect(JSON.stringify(error)).not.toContain(CANARY);
    }
    expect(errorOfCode(code).kind).toBe(kind);
  });

  test.each([
    { status: 429, kind: "throttled", retryAfterMs: 7_000 },
    { status: 503, kind: "unavailable", retryAfterMs: 7_000 },
    { status: 500, kind: "unavailable", retryAfterMs: undefined },
    { status: 403, kind: "unavailable", retryAfterMs: undefined },
    { status: 404, kind: "unavailable", retryAfterMs: undefined },
    { status: 307, kind: "unavailable", retryAfterMs: undefined },
  ])("of status $status without a code is $kind", ({ status, kind, retryAfterMs }) => {
    for (const body of ["", "<html>no</html>", "[]", "{"]) {
      expect(errorOfReply(reply(status, body))).toMatchObject({ kind, retryAfterMs });
    }
  });

  test("that denies a login is about the login", () => {
    const denied = reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
    expect(errorOfLogin(denied, "assume reader")).toMatchObject({
      kind: "unauthenticated",
      detail: "AWS did not let assume reader (HTTP 403)",
    });
  });
});
