// The requests that this provider makes to a vault. Values of secrets are read, and secrets are listed, by the SDK; the
// rest is plain REST over the same way, which costs less to load than two more SDKs.

import { logger, SecretClient, type SecretProperties } from "@azure/keyvault-secrets";
import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { listOf, recordOf, textOf } from "../../core/unknown.ts";
import { caught, httpClientOver, singleTry, RequestFailure, type Send, unreadableAnswer } from "./http-client.ts";
import { jsonOf } from "./json-body.ts";
import { errorOfReply } from "./map-error.ts";
import type { ObjectRef } from "./object-ref.ts";
import { silence } from "./silence.ts";
import { attributesOf, idOf, type ObjectFacts, payloadOf, tagsOf } from "./vault-object.ts";

/** One version of an object, and what it holds. */
export interface VaultObject extends ObjectFacts {
  readonly payload: SecretValue;
}

export interface VersionList {
  /** In no order. */
  readonly versions: readonly ObjectFacts[];
  /** False: there are more. */
  readonly isComplete: boolean;
}

export interface VaultApi {
  read(ref: ObjectRef, signal: AbortSignal): Promise<Result<VaultObject, ProviderError>>;
  /** The first page of an object's versions, without values. Empty also where no such object is. */
  listVersions(ref: ObjectRef, signal: AbortSignal): Promise<Result<VersionList, ProviderError>>;
  /** True: deleted, and can be recovered. */
  isSoftDeleted(ref: ObjectRef, signal: AbortSignal): Promise<Result<boolean, ProviderError>>;
  /** Pages of the current versions of all secrets, without values. Throws RequestFailure alone. */
  listSecrets(signal: AbortSignal): AsyncIterable<readonly SecretProperties[]>;
  /** Asks for one entry of the list of secrets: proves the token. */
  probe(signal: AbortSignal): Promise<Result<void, ProviderError>>;
}

/** Has all that is read here, and every cloud serves it: https://learn.microsoft.com/rest/api/keyvault/ */
const API_VERSION = "7.4";

silence(logger);

export function createVaultApi(vault: string, send: Send): VaultApi {
  const client = new SecretClient(
    vault,
    { getToken: noToken },
    {
      httpClient: httpClientOver(send, errorOfReply),
      serviceVersion: API_VERSION,
      // What a challenge asks for is judged in authorized.ts, more strictly.
      disableChallengeResourceVerification: true,
      ...singleTry,
    },
  );
  const get = async (path: string, signal: AbortSignal): Promise<Result<Body, ProviderError>> => {
    const url = `${vault}/${path}${path.includes("?") ? "&" : "?"}api-version=${API_VERSION}`;
    const reply = await send({ method: "GET", url, headers: { accept: "application/json" }, body: undefined, signal });
    if (!reply.ok) return reply;
    const error = errorOfReply(reply.value);
    return error === undefined ? ok(recordOf(jsonOf(reply.value.body))) : failed(error);
  };
  return {
    read: (ref, signal) =>
      ref.collection === "secrets" ? readSecret(client, ref, signal) : readPublic(get, ref, signal),
    listVersions: async ({ collection, name }, signal) => {
      const body = await get(`${collection}/${name}/versions`, signal);
      return body.ok ? versionList(body.value) : body;
    },
    isSoftDeleted: async ({ collection, name }, signal) => {
      const body = await get(`deleted${collection}/${name}`, signal);
      if (body.ok) return ok(textOf(body.value["recoveryId"]) !== undefined);
      return body.error.kind === "notFound" || body.error.kind === "accessDenied" ? ok(false) : body;
    },
    listSecrets: (signal) => client.listPropertiesOfSecrets({ abortSignal: signal }).byPage(),
    probe: async (signal) => {
      const body = await get("secrets?maxresults=1", signal);
      if (!body.ok) return body;
      return Array.isArray(body.value["value"]) ? ok(undefined) : failed(unreadableAnswer());
    },
  };
}

type Body = Readonly<Record<string, unknown>>;
type Get = (path: string, signal: AbortSignal) => Promise<Result<Body, ProviderError>>;

async function readSecret(
  client: SecretClient,
  { name, version }: ObjectRef,
  signal: AbortSignal,
): Promise<Result<VaultObject, ProviderError>> {
  const options = { abortSignal: signal, ...(version === undefined ? {} : { version }) };
  const answer = await caught(() => client.getSecret(name, options));
  if (!answer.ok) return answer;
  const { value, properties } = answer.value;
  const facts = secretFacts(properties);
  if (value === undefined || facts === undefined) return failed(unreadableAnswer());
  return ok({ ...facts, payload: SecretValue.ofUtf8(value) });
}

async function readPublic(get: Get, ref: ObjectRef, signal: AbortSignal): Promise<Result<VaultObject, ProviderError>> {
  const body = await get(`${ref.collection}/${ref.name}/${ref.version ?? ""}`, signal);
  if (!body.ok) return body;
  const facts = factsIn(body.value);
  const payload = payloadOf(ref.collection, body.value);
  return facts === undefined || payload === undefined ? failed(unreadableAnswer()) : ok({ ...facts, payload });
}

function versionList(body: Body): Result<VersionList, ProviderError> {
  const items = body["value"];
  const versions = listOf(items).map((item) => factsIn(recordOf(item)));
  const known = versions.filter((facts) => facts !== undefined);
  if (!Array.isArray(items) || known.length < versions.length) return failed(unreadableAnswer());
  return ok({ versions: known, isComplete: textOf(body["nextLink"]) === undefined });
}

function factsIn(body: Body): ObjectFacts | undefined {
  const version = idOf(body)?.version;
  const attributes = attributesOf(body);
  if (version === undefined || attributes === undefined) return undefined;
  return { version, ...attributes, tags: tagsOf(body), contentType: textOf(body["contentType"]) };
}

function secretFacts(properties: SecretProperties): ObjectFacts | undefined {
  const { version, enabled, createdOn, updatedOn, expiresOn, notBefore, tags = {}, contentType } = properties;
  if (version === undefined || createdOn === undefined || updatedOn === undefined) return undefined;
  return {
    version,
    isEnabled: enabled !== false,
    createdMs: createdOn.getTime(),
    updatedMs: updatedOn.getTime(),
    expiresMs: expiresOn?.getTime(),
    notBeforeMs: notBefore?.getTime(),
    tags,
    contentType,
  };
}

/** The SDK asks for one after a 401 only, and is shown none: authorized.ts adds the token. */
function noToken(): never {
  throw new RequestFailure(unreadableAnswer());
}
