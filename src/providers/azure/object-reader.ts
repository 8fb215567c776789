// How one reference is answered: the value, or only the version; and what an answer without a value means. The current
// version is the newest one, enabled or not: where it is disabled, no older one is served in its place.

import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteRef, RemoteSecret, RemoteVersion } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { unusableNow } from "./map-error.ts";
import { type ObjectRef, resolveObject } from "./object-ref.ts";
import type { VaultApi, VaultObject } from "./vault-api.ts";
import type { ObjectFacts } from "./vault-object.ts";

export class ObjectReader {
  readonly #api: VaultApi;
  readonly #clock: Clock;
  readonly #expired = new Set<string>();
  #isListDenied = false;

  constructor(api: VaultApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** True: listing is denied, and versions are checked by reading values. */
  get readsValuesForVersions(): boolean {
    return this.#isListDenied;
  }

  /** Objects that are past their expiry, and served. */
  get expiredCount(): number {
    return this.#expired.size;
  }

  async readVersion(remote: RemoteRef, signal: AbortSignal): Promise<Result<RemoteVersion, ProviderError>> {
    const ref = resolveObject(remote);
    if (!ref.ok) return ref;
    const facts = (await this.#listed(ref.value, signal)) ?? (await this.#read(ref.value, signal));
    if (!facts.ok) return facts;
    return ok(remote.metadataPolicy === "Fetch" ? metadataOf(facts.value).version : remoteVersion(facts.value));
  }

  async readSecret(remote: RemoteRef, signal: AbortSignal): Promise<Result<RemoteSecret, ProviderError>> {
    const ref = resolveObject(remote);
    if (!ref.ok) return ref;
    const object = await this.#read(ref.value, signal);
    if (!object.ok) return object;
    return remote.metadataPolicy === "Fetch"
      ? ok(metadataOf(object.value))
      : ok({ form: "blob", payload: object.value.payload, version: remoteVersion(object.value) });
  }

  async #read(ref: ObjectRef, signal: AbortSignal): Promise<Result<VaultObject, ProviderError>> {
    const object = await this.#api.read(ref, signal);
    return object.ok ? this.#usable(ref, object.value) : failed(await explained(this.#api, ref, object.error, signal));
  }

  /** Undefined: a list cannot say it, the object itself must be asked. */
  async #listed(ref: ObjectRef, signal: AbortSignal): Promise<Result<ObjectFacts, ProviderError> | undefined> {
    if (this.#isListDenied) return undefined;
    const list = await this.#api.listVersions(ref, signal);
    if (!list.ok) {
      this.#isListDenied = list.error.kind === "accessDenied";
      return this.#isListDenied ? undefined : list;
    }
    const { versions, isComplete } = list.value;
    const facts = ref.version === undefined ? isComplete && newest(versions) : pinned(versions, ref.version);
    return facts ? this.#usable(ref, facts) : undefined;
  }

  /** The facts, if the object may be served now. */
  #usable<Facts extends ObjectFacts>(ref: ObjectRef, facts: Facts): Result<Facts, ProviderError> {
    const nowMs = this.#clock.nowMs();
    const place = `${ref.collection}/${ref.name}/${ref.version ?? ""}`;
    if (facts.expiresMs !== undefined && facts.expiresMs <= nowMs) this.#expired.add(place);
    else this.#expired.delete(place);
    if (!facts.isEnabled) return failed(unusableNow("the object is disabled"));
    return (facts.notBeforeMs ?? 0) > nowMs ? failed(unusableNow("the object is not valid yet")) : ok(facts);
  }
}

/** The one that was made last; undefined where whole seconds do not tell. */
function newest(versions: readonly ObjectFacts[]): ObjectFacts | undefined {
  const [first, second] = versions.toSorted((a, b) => b.createdMs - a.createdMs);
  return first?.createdMs === second?.createdMs ? undefined : first;
}

function pinned(versions: readonly ObjectFacts[], version: string): ObjectFacts | undefined {
  return versions.find((known) => known.version === version.toLowerCase());
}

/** Attributes and tags of a version change without a new version: `updated` tells. */
function remoteVersion({ version, createdMs, updatedMs }: ObjectFacts): RemoteVersion {
  const createdTime = new Date(createdMs).toISOString();
  return { identity: `${version}@${updatedMs}`, display: version, createdTime };
}

/**
 * The tags, and the content type where no tag has its name. `updated` counts whole seconds, in which tags may change
 * twice: the document's digest is part of the identity. It stays in memory.
 */
function metadataOf(facts: ObjectFacts): RemoteSecret & { readonly version: RemoteVersion } {
  const { tags, contentType } = facts;
  const document = JSON.stringify({ ...(contentType === undefined ? {} : { contentType }), ...tags });
  const version = remoteVersion(facts);
  const digest = createHash("sha256").update(document).digest("hex");
  return {
    form: "document",
    payload: SecretValue.ofUtf8(document),
    version: { ...version, identity: `${version.identity}@${digest}` },
  };
}

/** Tells what is not there apart: a version, an object that was deleted, or one that never was. */
async function explained(
  api: VaultApi,
  ref: ObjectRef,
  error: ProviderError,
  signal: AbortSignal,
): Promise<ProviderError> {
  if (error.kind !== "notFound") return error;
  if (ref.version !== undefined) {
    const current = await api.read({ ...ref, version: undefined }, signal);
    if (current.ok || current.error.kind === "disabled") return absentVersion();
    if (current.error.kind !== "notFound") return current.error;
  }
  const isDeleted = await api.isSoftDeleted(ref, signal);
  if (!isDeleted.ok) return isDeleted.error;
  return isDeleted.value
    ? providerError("deleted", "the object is deleted and not purged", { httpStatus: 404 })
    : error;
}

function absentVersion(): ProviderError {
  return providerError("versionNotFound", "there is no such version", { httpStatus: 404 });
}
