// Reads kube-apiserver's audit log (audit.k8s.io/v1, level Metadata) as one entry per request.
// Counted once: a normal request when it is complete, a watch when its answer starts (its end may be hours away),
// a request whose credentials were refused when it is refused, the only thing logged of it.
import { createAuditTrail, type AuditTrail } from "./audit-trail.ts";
import { optionalTextAt, textAt, valueAt } from "./json.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";

export interface KubernetesRequest {
  /** For example system:serviceaccount:fairlead:fairlead; empty where nobody was authenticated. */
  readonly user: string;
  /** get, list, watch, create, update, patch, delete, deletecollection */
  readonly verb: string;
  /** Plural, for example secrets; empty for other paths. */
  readonly resource: string;
  /** For example status or token; empty where there is none. */
  readonly subresource: string;
  readonly namespace: string;
  /** Empty for lists, and for what the server named. */
  readonly name: string;
  readonly code: number;
  /** Path with query. */
  readonly path: string;
  /** Names the token, so that processes with one identity and a token each can be told apart: `JTI=…`; else empty. */
  readonly credentialId: string;
  /** Impersonated user, empty where there is none. */
  readonly impersonated: string;
  /** When the request arrived, RFC 3339 with microseconds. */
  readonly at: string;
  /** When it was answered (of a watch: when its answer started). */
  readonly answeredAt: string;
  /** Id of the ServiceAccount token that was sent (its claim `jti`), empty for other credentials. */
  readonly tokenId: string;
}

const STATUS_UNAUTHORIZED = 401;
/** Key and form of the credential's id in an audited user: apiserver/pkg/authentication/serviceaccount/util.go, v0.36. */
const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";
const TOKEN_ID_PREFIX = "JTI=";

export function createKubernetesAuditTrail(
  logPath: string,
  api: Pick<KubernetesApi, "get">,
): AuditTrail<KubernetesRequest> {
  return createAuditTrail({
    logPath,
    parseEntry: parseKubernetesRequest,
    requestMarker: async (marker) => {
      await api.get(`/api/v1/namespaces/default/configmaps/${marker}`);
    },
  });
}

function parseKubernetesRequest(event: unknown): KubernetesRequest | undefined {
  return isCounted(event)
    ? {
        user: optionalTextAt(event, "user", "username") ?? "",
        verb: textAt(event, "verb"),
        resource: optionalTextAt(event, "objectRef", "resource") ?? "",
        subresource: optionalTextAt(event, "objectRef", "subresource") ?? "",
        namespace: optionalTextAt(event, "objectRef", "namespace") ?? "",
        name: optionalTextAt(event, "objectRef", "name") ?? "",
        code: statusCodeOf(event),
        path: textAt(event, "requestURI"),
        credentialId: credentialIdOf(event),
        impersonated: optionalTextAt(event, "impersonatedUser", "username") ?? "",
        at: textAt(event, "requestReceivedTimestamp"),
        answeredAt: textAt(event, "stageTimestamp"),
        tokenId: tokenIdOf(event),
      }
    : undefined;
}

/** kube-apiserver logs ResponseStarted only for long-running requests and for refused credentials: apiserver/pkg/endpoints/filters/audit.go, v0.36. */
function isCounted(event: unknown): boolean {
  const isWatch = optionalTextAt(event, "verb") === "watch";
  const isRefused = statusCodeOf(event) === STATUS_UNAUTHORIZED;
  return textAt(event, "stage") === "ResponseStarted" ? isWatch || isRefused : !isWatch;
}

/** Since 1.32: kubernetes/apiserver pkg/authentication/serviceaccount/util.go, CredentialIDKey. */
function credentialIdOf(event: unknown): string {
  const ids = valueAt(event, "user", "extra", "authentication.kubernetes.io/credential-id");
  return Array.isArray(ids) ? String(ids[0]) : "";
}

function tokenIdOf(event: unknown): string {
  const id = optionalTextAt(event, "user", "extra", CREDENTIAL_ID, 0) ?? "";
  return id.startsWith(TOKEN_ID_PREFIX) ? id.slice(TOKEN_ID_PREFIX.length) : "";
}

function statusCodeOf(event: unknown): number {
  return Number(valueAt(event, "responseStatus", "code") ?? 0);
}
