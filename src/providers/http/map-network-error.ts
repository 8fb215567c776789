// Why a request got no answer: a table from Node's error codes to our words. Messages of Node are not copied, because
// they quote addresses, certificates and header values.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import { PROXY_FAILURE } from "./connection-pools.ts";
import { REFUSED_ADDRESS } from "./guarded-lookup.ts";

const certificate = (problem: string): string => `TLS failed: the server's certificate ${problem}`;
const unknownIssuer = certificate(
  "is not signed by a trusted authority (check the store's CA or the operator's --ca-bundle-file)",
);

const clientCertificate = "TLS failed: the server wants a client certificate, or another one";

const detailOfCode: Readonly<Record<string, string>> = {
  [REFUSED_ADDRESS]:
    "the server's name resolves to a link-local or metadata address (refused unless the operator runs with --allow-link-local-servers)",
  [`${PROXY_FAILURE}:proxyConnect`]: "the proxy cannot be reached",
  [`${PROXY_FAILURE}:proxyLogin`]: "the proxy asks for credentials, or for other ones",
  [`${PROXY_FAILURE}:proxyGateway`]: "the proxy could not reach the server",
  [`${PROXY_FAILURE}:proxyRefused`]: "the proxy refused the connection",
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
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientCertificate,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientCertificate,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: clientCertificate,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: clientCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: clientCertificate,
};

/** What a thrown request means. An HTTP parser's codes begin with HPE. */
export function errorOfRequest(cause: unknown): ProviderError {
  const code = textOf(recordOf(cause)["code"]) ?? "";
  const detail = code.startsWith("HPE_") ? "the answer is not HTTP" : (detailOfCode[code] ?? "the request failed");
  return providerError("unavailable", detail);
}
