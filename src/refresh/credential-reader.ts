// Reads credentials from the cluster for one store and one namespace. There are two readers: the one of a namespaced
// store is bound to its namespace and has no way to name another; the one of a ClusterSecretStore takes the namespace
// of the reference, or the tenant's.

import type {
  CredentialError,
  CredentialReader,
  OperatorIdentity,
  ServiceAccountToken,
} from "../core/provider/credentials.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { SecretValue } from "../core/secret-value.ts";
import { objectKey, type ObjectName } from "../core/object-key.ts";
import { parseMeta } from "../core/spec/parse-meta.ts";
import type { ObjectKeyRef, ServiceAccountRef } from "../core/spec/secret-store.ts";
import { recordOf, textOf } from "../core/unknown.ts";
import type { ApiError } from "../kubernetes/api-error.ts";
import { objectPath, resources, type ResourceType } from "../kubernetes/resource-path.ts";
import { isProvedAbsent } from "../kubernetes/proved-absence.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import type { FollowedObject, SeenVersion } from "../runtime/object-follower.ts";

/** What we ask of TokenRequest, seconds; the API server's least. A login needs it once. */
const TOKEN_SECONDS = 600;
const OWN_IDENTITY = "the operator's own identity serves ClusterSecretStores only";

type Answer<T> = Promise<Result<T, CredentialError>>;
type NamespaceOf = (ref: { readonly namespace: string | undefined }) => Result<string, CredentialError>;

export interface CredentialReaderDeps {
  readonly client: KubernetesClient;
  /** Reads the operator's own audience-bound token file. */
  readonly readOperatorToken: (signal: AbortSignal) => Promise<SecretValue | undefined>;
  readonly operatorIdentity: OperatorIdentity;
  /** The operator's own ServiceAccount, for the words how to allow a TokenRequest; undefined: not known. */
  readonly operator: ObjectName | undefined;
  /** Told which state of an object a login uses. Of a ServiceAccount: only where its annotations count. */
  readonly onRead: (object: FollowedObject, seen: SeenVersion) => void;
}

export function namespacedCredentialReader(deps: CredentialReaderDeps, namespace: string): CredentialReader {
  const here: NamespaceOf = (ref) =>
    ref.namespace === undefined
      ? ok(namespace)
      : failed(refused("a SecretStore may name objects of its own namespace only"));
  return {
    ...clusterObjects(deps, here),
    readOperatorToken: () => Promise.resolve(failed(refused(OWN_IDENTITY))),
    operatorIdentity: () => failed(refused(OWN_IDENTITY)),
  };
}

/** `tenant`: namespace of the ExternalSecret, where a reference names none; undefined when nobody asks yet. */
export function clusterCredentialReader(deps: CredentialReaderDeps, tenant: string | undefined): CredentialReader {
  const anywhere: NamespaceOf = (ref) => {
    const namespace = ref.namespace ?? tenant;
    return namespace === undefined ? failed(refused("the reference names no namespace")) : ok(namespace);
  };
  return {
    ...clusterObjects(deps, anywhere),
    readOperatorToken: async (signal) => {
      const token = await deps.readOperatorToken(signal);
      return token === undefined
        ? failed({ kind: "missing", detail: "the operator has no token file of its own (see --operator-token-file)" })
        : ok(token);
    },
    operatorIdentity: () => ok(deps.operatorIdentity),
  };
}

function clusterObjects(
  deps: CredentialReaderDeps,
  namespaceOf: NamespaceOf,
): Omit<CredentialReader, "readOperatorToken" | "operatorIdentity"> {
  return {
    readSecretKey: (ref, signal) => readKey(deps, { type: resources.secrets, ref, namespaceOf }, signal),
    readConfigMapKey: (ref, signal) => readKey(deps, { type: resources.configMaps, ref, namespaceOf }, signal),
    readAnnotations: async (ref, signal) => {
      const object = await readObject(deps, { type: resources.serviceAccounts, ref, namespaceOf }, signal);
      if (!object.ok) return object;
      const meta = parseMeta(object.value.body);
      return ok(meta.ok ? meta.value.annotations : {});
    },
    requestToken: async (ref, defaultAudience, signal) => {
      const namespace = namespaceOf(ref);
      if (!namespace.ok) return namespace;
      const audiences = ref.audiences.length > 0 ? ref.audiences : [defaultAudience];
      return requestToken(deps, { ref, namespace: namespace.value, audiences }, signal);
    },
  };
}

interface ObjectRead {
  readonly type: ResourceType;
  readonly ref: { readonly name: string; readonly namespace: string | undefined };
  readonly namespaceOf: NamespaceOf;
}

async function readKey(
  deps: CredentialReaderDeps,
  read: ObjectRead & { readonly ref: ObjectKeyRef },
  signal: AbortSignal,
): Answer<SecretValue> {
  const object = await readObject(deps, read, signal);
  if (!object.ok) return object;
  const { what, body } = object.value;
  const value = valueOf(read.type, body, read.ref.key);
  return value === undefined ? failed({ kind: "missing", detail: `${what} has no key ${read.ref.key}` }) : ok(value);
}

/** `what`: the object's name, for messages. */
async function readObject(
  { client, onRead }: CredentialReaderDeps,
  { type, ref, namespaceOf }: ObjectRead,
  signal: AbortSignal,
): Answer<{ readonly what: string; readonly body: Readonly<Record<string, unknown>> }> {
  const namespace = namespaceOf(ref);
  if (!namespace.ok) return namespace;
  const object = { namespace: namespace.value, name: ref.name };
  const what = `${type.kind} ${objectKey(object)}`;
  const answer = await client.call({ method: "GET", path: objectPath(type, object) }, signal);
  const seen = seenVersion(answer);
  if (seen !== undefined) onRead({ type, ...object }, seen);
  return answer.ok ? ok({ what, body: recordOf(answer.value) }) : failed(unreadable(what, answer.error));
}

function seenVersion(answer: Result<unknown, ApiError>): SeenVersion | undefined {
  if (!answer.ok) return isProvedAbsent(answer.error) ? { kind: "absent" } : undefined;
  const meta = parseMeta(answer.value);
  return meta.ok ? { kind: "present", resourceVersion: meta.value.resourceVersion } : undefined;
}

function valueOf(type: ResourceType, body: Readonly<Record<string, unknown>>, key: string): SecretValue | undefined {
  const text = textOf(recordOf(body["data"])[key]);
  if (text !== undefined)
    return type === resources.secrets ? SecretValue.ofBytes(Buffer.from(text, "base64")) : SecretValue.ofUtf8(text);
  const binary = textOf(recordOf(body["binaryData"])[key]);
  return binary === undefined ? undefined : SecretValue.ofBytes(Buffer.from(binary, "base64"));
}

interface TokenAsk {
  readonly ref: ServiceAccountRef;
  readonly namespace: string;
  readonly audiences: readonly string[];
}

/** authentication.k8s.io/v1 TokenRequest, the `token` subresource of a ServiceAccount. */
async function requestToken(
  { client, operator }: CredentialReaderDeps,
  ask: TokenAsk,
  signal: AbortSignal,
): Answer<ServiceAccountToken> {
  const { ref, namespace, audiences } = ask;
  const answer = await client.call(
    {
      method: "POST",
      path: objectPath(resources.serviceAccounts, { namespace, name: ref.name }, "token"),
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { audiences, expirationSeconds: TOKEN_SECONDS },
      },
    },
    signal,
  );
  if (!answer.ok)
    return failed(
      answer.error.kind === "forbidden"
        ? tokenDenied(ask, operator)
        : unreadable(`ServiceAccount ${namespace}/${ref.name}`, answer.error),
    );
  const status = recordOf(recordOf(answer.value)["status"]);
  const token = textOf(status["token"]);
  const expiresAtMs = Date.parse(textOf(status["expirationTimestamp"]) ?? "");
  if (token === undefined || Number.isNaN(expiresAtMs)) {
    return failed({ kind: "unavailable", detail: "the API server's answer to TokenRequest holds no token" });
  }
  return ok({ token: SecretValue.ofUtf8(token), expiresAtMs });
}

function tokenDenied({ ref, namespace }: TokenAsk, operator: ObjectName | undefined): CredentialError {
  const name = `fairlead-token-${ref.name}`;
  const account = operator === undefined ? "NAMESPACE:NAME" : `${operator.namespace}:${operator.name}`;
  const unknown = operator === undefined ? " (NAMESPACE and NAME of the operator's own ServiceAccount)" : "";
  const role = `kubectl -n ${namespace} create role ${name} --verb=create --resource=serviceaccounts/token --resource-name=${ref.name}`;
  const binding = `kubectl -n ${namespace} create rolebinding ${name} --role=${name} --serviceaccount=${account}`;
  return {
    kind: "denied",
    detail: `the operator may not request tokens of ServiceAccount ${namespace}/${ref.name}; allow it with: ${role} && ${binding}${unknown}`,
  };
}

function unreadable(what: string, error: ApiError): CredentialError {
  if (isProvedAbsent(error)) return { kind: "missing", detail: `${what} does not exist` };
  if (error.kind === "forbidden")
    return { kind: "denied", detail: `the operator may not read ${what}; its ClusterRole or Role must allow it` };
  return { kind: "unavailable", detail: `the API server did not answer for ${what}` };
}

function refused(detail: string): CredentialError {
  return { kind: "refused", detail };
}
