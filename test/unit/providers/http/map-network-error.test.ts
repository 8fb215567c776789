// Codes of Node to our words; what is thrown is never quoted.

import { expect, test } from "vitest";
import { errorOfRequest } from "../../../../src/providers/http/map-network-error.ts";

test.each([
  { code: "ECONNREFUSED", detail: "connection refused" },
  { code: "ENOTFOUND", detail: "the server's name does not resolve" },
  { code: "CERT_HAS_EXPIRED", detail: "TLS failed: the server's certificate has expired" },
  { code: "ERR_TLS_CERT_ALTNAME_INVALID", detail: "TLS failed: the server's certificate is for another host name" },
  { code: "HPE_INVALID_CONSTANT", detail: "the answer is not HTTP" },
  { code: "ESOMETHING", detail: "the request failed" },
  { code: undefined, detail: "the request failed" },
])("$code is unavailable: $detail", ({ code, detail }) => {
  const cause = Object.assign(new Error("quotes a canary"), { code });
  expect(errorOfRequest(cause)).toEqual({
    kind: "unavailable",
    detail,
    httpStatus: undefined,
    retryAfterMs: undefined,
  });
});

test.each([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
])("%s says that the authority is not trusted", (code) => {
  expect(errorOfRequest({ code }).detail).toContain("not signed by a trusted authority");
});

test("what is no error object is unavailable as well", () => {
  expect(errorOfRequest("text").kind).toBe("unavailable");
});
