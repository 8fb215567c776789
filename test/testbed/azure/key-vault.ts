// The data plane of one vault, as far as a reader sees it. Each request needs a token that the stand-in of Entra has
// signed for this resource and tenant, and its owner needs the permission; then come api-version, name and object.

import type { Entra } from "./entra.ts";
import type { Claims } from "./jwt.ts";
import { type Answer, type Call, type StandInServer, startServer } from "./tls-server.ts";
import { type ObjectKind, type ObjectVersion, type StoredObject, VaultObjects } from "./vault-objects.ts";

export type Permission = "get" | "list";

export interface KeyVaultOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly host: string;
  readonly entra: Entra;
  readonly tenantId: string;
  /** Audience of the tokens, such as https://vault.azure.net. */
  readonly resource: string;
  readonly nowMs?: () => number;
}

export interface KeyVault {
  readonly server: StandInServer;
  readonly url: string;
  readonly objects: VaultObjects;
  /** What each service principal may do, by object id. Nothing is granted at first. */
  readonly granted: Map<string, ReadonlySet<Permission>>;
  /** Paths, such as `secrets/app`, that are denied to all, and the inner code of the denial. */
  readonly denied: Map<string, string>;
  /** Calls that carried a token that was accepted. */
  readonly accepted: readonly Call[];
  /** What the next challenges say; undefined: the truth. */
  challenge: { readonly tenantId?: string; readonly resource?: string } | undefined;
  close(): Promise<void>;
}

/** https://learn.microsoft.com/en-us/azure/key-vault/general/about-keys-secrets-certificates */
const NAME = /^[0-9A-Za-z-]{1,127}$/;
/** https://learn.microsoft.com/en-us/rest/api/keyvault/ : those that have the operations below. */
const API_VERSIONS: readonly (string | null)[] = [
  "7.0",
  "7.1",
  "7.2",
  "7.3",
  "7.4",
  "7.5",
  "7.6",
  "2025-07-01",
  "2026-04-01",
];
/** https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-secrets/get-secrets#uri-parameters : maxresults. */
const PAGE_SIZE = 25;

const singular = { secrets: "Secret", keys: "Key", certificates: "Certificate" } as const satisfies Record<
  ObjectKind,
  string
>;
const kinds: readonly ObjectKind[] = ["secrets", "keys", "certificates"];

export async function startKeyVault(options: KeyVaultOptions): Promise<KeyVault> {
  const { entra, tenantId, resource } = options;
  const nowMs = options.nowMs ?? Date.now;
  const accepted: Call[] = [];
  const vault: KeyVault = {
    server: await startServer({ tls: options.tls, host: options.host, answer: (call) => answer(call) }),
    get url() {
      return vault.server.origin;
    },
    objects: new VaultObjects(nowMs),
    granted: new Map(),
    denied: new Map(),
    accepted,
    challenge: undefined,
    close: () => vault.server.close(),
  };
  const answer = (call: Call): Answer => {
    const token = /^Bearer (\S+)$/.exec(call.headers.authorization ?? "")?.[1];
    const verdict = token === undefined ? undefined : entra.judge(token, resource, tenantId);
    if (verdict?.ok !== true)
      return unauthorized({ authority: entra.authority, tenantId, resource, ...vault.challenge });
    accepted.push(call);
    if (call.method !== "GET") return { status: 405 };
    return served(vault, call, verdict.claims, nowMs());
  };
  return vault;
}

/** https://learn.microsoft.com/en-us/azure/key-vault/general/authentication-requests-and-responses */
function unauthorized(place: {
  readonly authority: string;
  readonly tenantId: string;
  readonly resource: string;
}): Answer {
  const challenge = `Bearer authorization="${place.authority}/${place.tenantId}", resource="${place.resource}"`;
  return { ...failure(401, "Unauthorized"), headers: { "WWW-Authenticate": challenge } };
}

interface Place {
  readonly kind: ObjectKind;
  readonly isDeleted: boolean;
  /** Undefined: the whole collection. */
  readonly name: string | undefined;
  /** Empty: the current one. */
  readonly version: string;
  readonly permission: Permission;
}

/** Undefined: no such path. */
function placeOf({ url }: Call): Place | undefined {
  const [, collection = "", name, version = "", ...rest] = url.pathname.split("/");
  const isDeleted = collection.startsWith("deleted");
  const kind = kinds.find((known) => known === collection.replace(/^deleted/, ""));
  if (kind === undefined || rest.length > 0 || (isDeleted && (name === undefined || version !== ""))) return undefined;
  return { kind, isDeleted, name, version, permission: name === undefined || version === "versions" ? "list" : "get" };
}

function served(vault: KeyVault, call: Call, claims: Claims, nowMs: number): Answer {
  const place = placeOf(call);
  if (place === undefined) return { status: 404 };
  const { kind, name, version, isDeleted } = place;
  if (!API_VERSIONS.includes(call.url.searchParams.get("api-version"))) return failure(400, "BadParameter");
  if (name !== undefined && !NAME.test(name)) return failure(400, "BadParameter");
  const denial = denialOf(vault, claims, place);
  if (denial !== undefined) return failure(403, "Forbidden", denial);
  if (name === undefined) return listObjects(vault, kind, call);
  if (isDeleted) return deletedObject(vault, kind, name);
  if (version === "versions") return listVersions(vault, { kind, name }, call);
  return readObject(vault, { kind, name, version, nowMs });
}

/** https://learn.microsoft.com/en-us/azure/key-vault/general/rest-error-codes#http-403-insufficient-permissions */
function denialOf(vault: KeyVault, claims: Claims, { kind, name, permission }: Place): string | undefined {
  const isGranted = vault.granted.get(String(claims["oid"]))?.has(permission) === true;
  const path = name === undefined ? kind : `${kind}/${name}`;
  return vault.denied.get(path) ?? (isGranted ? undefined : "AccessDenied");
}

interface ObjectQuery {
  readonly kind: ObjectKind;
  readonly name: string;
  /** Empty: the current one. */
  readonly version: string;
  readonly nowMs: number;
}

/**
 * https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-secret/get-secret
 * https://learn.microsoft.com/en-us/rest/api/keyvault/keys/get-key/get-key
 * https://learn.microsoft.com/en-us/rest/api/keyvault/certificates/get-certificate/get-certificate
 */
function readObject(vault: KeyVault, { kind, name, version, nowMs }: ObjectQuery): Answer {
  const object = vault.objects.find(kind, name);
  const found = version === "" ? object?.versions.at(-1) : object?.versions.find(({ id }) => id === version);
  if (object === undefined || found === undefined) return failure(404, `${singular[kind]}NotFound`);
  const denial = kind === "secrets" ? stateFault(found, nowMs) : undefined;
  return denial === undefined
    ? { status: 200, body: bundle(vault, kind, object, found) }
    : failure(403, "Forbidden", denial);
}

/**
 * Disabled secrets cannot be read; keys and certificates can, only not used:
 * https://learn.microsoft.com/en-us/azure/key-vault/secrets/about-secrets#secret-attributes
 */
function stateFault({ attributes }: ObjectVersion, nowMs: number): string | undefined {
  if (!attributes.enabled) return "SecretDisabled";
  return (attributes.nbf ?? 0) * 1000 > nowMs ? "SecretNotYetValid" : undefined;
}

function bundle(vault: KeyVault, kind: ObjectKind, object: StoredObject, version: ObjectVersion): object {
  const id = `${vault.url}/${kind}/${object.name}/${version.id}`;
  const { attributes, tags, contentType } = version;
  const shared = {
    attributes: { ...attributes, recoveryLevel: "Recoverable+Purgeable", recoverableDays: 90 },
    ...(tags && { tags }),
  };
  switch (kind) {
    case "secrets":
      return { ...version.content, id, ...shared, ...(contentType !== undefined && { contentType }) };
    case "keys":
      return { key: { kid: id, ...version.content }, ...shared };
    case "certificates":
      return {
        id,
        kid: id.replace("/certificates/", "/keys/"),
        sid: id.replace("/certificates/", "/secrets/"),
        ...version.content,
        ...shared,
      };
  }
}

/** https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-deleted-secret/get-deleted-secret */
function deletedObject(vault: KeyVault, kind: ObjectKind, name: string): Answer {
  const object = vault.objects.findDeleted(kind, name);
  const current = object?.versions.at(-1);
  if (object === undefined || current === undefined) return failure(404, `${singular[kind]}NotFound`);
  const { value: _, ...withoutValue } = { value: undefined, ...bundle(vault, kind, object, current) };
  const recoveryId = `${vault.url}/deleted${kind}/${object.name}`;
  return {
    status: 200,
    body: {
      ...withoutValue,
      recoveryId,
      deletedDate: current.attributes.updated,
      scheduledPurgeDate: current.attributes.updated,
    },
  };
}

/** https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-secrets/get-secrets : items without version and value. */
function listObjects(vault: KeyVault, kind: ObjectKind, call: Call): Answer {
  const items = vault.objects.all(kind).flatMap((object) => {
    const current = object.versions.at(-1);
    return current === undefined ? [] : [item(kind, `${vault.url}/${kind}/${object.name}`, current)];
  });
  return page(items, call);
}

/**
 * https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-secret-versions/get-secret-versions : in no order that
 * helps (by id), and empty for an object that is not there, as the SDK's own tests have it: Azure/azure-sdk-for-js,
 * sdk/keyvault/keyvault-secrets/test/public/list.spec.ts, "can list secret versions (non existing)".
 */
function listVersions(
  vault: KeyVault,
  { kind, name }: { readonly kind: ObjectKind; readonly name: string },
  call: Call,
): Answer {
  const object = vault.objects.find(kind, name);
  const versions = (object?.versions ?? []).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return page(
    versions.map((version) => item(kind, `${vault.url}/${kind}/${object?.name ?? name}/${version.id}`, version)),
    call,
  );
}

function item(kind: ObjectKind, id: string, { attributes, tags, contentType }: ObjectVersion): object {
  return {
    [kind === "keys" ? "kid" : "id"]: id,
    attributes,
    ...(tags && { tags }),
    ...(contentType !== undefined && { contentType }),
  };
}

function page(items: readonly object[], { url }: Call): Answer {
  const size = Number(url.searchParams.get("maxresults") ?? PAGE_SIZE);
  if (!Number.isInteger(size) || size < 1 || size > PAGE_SIZE) return failure(400, "BadParameter");
  const from = Number(Buffer.from(url.searchParams.get("$skiptoken") ?? "", "base64url").toString("utf8"));
  const next = new URL(url);
  next.searchParams.set("$skiptoken", Buffer.from(String(from + size)).toString("base64url"));
  const nextLink = from + size < items.length ? next.href : null;
  return { status: 200, body: { value: items.slice(from, from + size), nextLink } };
}

/** https://learn.microsoft.com/en-us/azure/key-vault/general/rest-error-codes : one form for all. */
function failure(status: number, code: string, innerCode?: string): Answer {
  const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return { status, body: { error: { code, message: "vendor-text-canary", ...inner } } };
}
