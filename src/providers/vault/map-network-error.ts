// Why a request got no answer: a table from Node's error codes to our words. Messages of Node are not copied, because
// they quote addresses, certificates and header values.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { recordOf, textOf } from "../../core/unknown.ts";

const certificate = (problem: string): string => `TLS failed: the server's certificate ${problem}`;
const unknownIssuer = certificate("is not signed by a trusted authority (check caBundle or caProvider)");

const detailOfCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "the server's name does not resolve",
  EAI_AGAIN: "the server's name could not be looked up",
  ECONNRESET: "the connection broke before the answer was complete",
  EPIPE: "the connection broke before the answer was complete",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  EPROTO: "TLS failed: the server speaks no TLS, or another version",
  ERR_SSL_WRONG_VERSION_NUMBER: "TLS failed: the server speaks no TLS, or another version",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "TLS failed: the server speaks no TLS, or another version",
  ERR_TLS_CERT_ALTNAME_INVALID: certificate("is for another host name"),
  CERT_HAS_EXPIRED: certificate("has expired"),
  CERT_NOT_YET_VALID: certificate("is not valid yet"),
  CERT_REVOKED: certificate("is revoked"),
  CERT_SIGNATURE_FAILURE: unknownIssuer,
  CERT_UNTRUSTED: unknownIssuer,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownIssuer,
  SELF_SIGNED_CERT_IN_CHAIN: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer,
};

/** What a thrown request means. An HTTP parser's codes begin with HPE. */
export function errorOfRequest(cause: unknown): ProviderError {
  const code = textOf(recordOf(cause)["code"]) ?? "";
  const detail = code.startsWith("HPE_") ? "the answer is not HTTP" : (detailOfCode[code] ?? "the request failed");
  return providerError("unavailable", detail);
}
