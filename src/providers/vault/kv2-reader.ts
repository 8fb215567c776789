// KV version 2: a key has versions and metadata. The version of a value comes from the answer that carried it; which
// version is current is asked of `metadata/`, which shows no value.

import { isConfirmableAbsence, type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteRef, RemoteSecret, RemoteVersion } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { type KvPath, requestPath, resolveKey } from "./key-path.ts";
import { isMetadata, kvVersion, metadataDocument, metadataVersion, versionIn } from "./kv-metadata.ts";
import { confirmed, errorOfRead, invalidReference, type KvDeps, type KvReader } from "./kv-reader.ts";
import { isDenial } from "./map-error.ts";
import type { VaultReply } from "./vault-reply.ts";

/** Numbers of versions; ten digits are more than KV v2 ever keeps. */
const VERSION_NUMBER = /^[1-9]\d{0,9}$/;

type Secret = Result<RemoteSecret, ProviderError>;
type Version = Result<RemoteVersion, ProviderError>;

interface Target {
  readonly place: KvPath;
  readonly version: string | undefined;
}

export class Kv2Reader implements KvReader {
  readonly #deps: KvDeps;
  /** Paths whose metadata is denied though their values are not. */
  readonly #deniedMetadata = new Set<string>();

  constructor(deps: KvDeps) {
    this.#deps = deps;
  }

  get readsValuesForVersions(): boolean {
    return this.#deniedMetadata.size > 0;
  }

  async readSecret(ref: RemoteRef, signal: AbortSignal): Promise<Secret> {
    const target = this.#target(ref);
    if (!target.ok) return target;
    return ref.metadataPolicy === "Fetch" ? this.#metadata(target.value, signal) : this.#value(target.value, signal);
  }

  async readVersion(ref: RemoteRef, signal: AbortSignal): Promise<Version> {
    const target = this.#target(ref);
    if (!target.ok) return target;
    if (ref.metadataPolicy === "Fetch") return versionOf(await this.#metadata(target.value, signal));
    const path = metadataPath(target.value.place);
    if (this.#deniedMetadata.has(path)) return versionOf(await this.#value(target.value, signal));
    const exchange = await this.#deps.api.probe(path, signal);
    if (!exchange.ok) return exchange;
    if (!isDenial(exchange.value)) return this.#versionIn(exchange.value, target.value, signal);
    return this.#versionOfDenied(path, target.value, signal);
  }

  /** The read of the value also checks the token, whose end looks like a denial. */
  async #versionOfDenied(path: string, target: Target, signal: AbortSignal): Promise<Version> {
    const secret = await this.#value(target, signal);
    if (!secret.ok) return secret;
    const again = await this.#deps.api.probe(path, signal);
    if (again.ok && isDenial(again.value)) this.#deniedMetadata.add(path);
    return versionOf(secret);
  }

  async #value(target: Target, signal: AbortSignal): Promise<Secret> {
    const { place, version } = target;
    const query = version === undefined ? "" : `?version=${version}`;
    const exchange = await this.#deps.api.read(`${requestPath(place.mount, "data", place.key)}${query}`, signal);
    if (!exchange.ok) return exchange;
    const reply = exchange.value;
    const data = reply.at("data", "data");
    const display = reply.number(reply.at("data", "metadata", "version"))?.toString();
    const createdTime = reply.text(reply.at("data", "metadata", "created_time"));
    const isValue = reply.status === 200 && data?.kind === "object";
    if (!isValue || display === undefined || createdTime === undefined) {
      return failed(await this.#errorOfValue(target, reply, signal));
    }
    const payload = reply.secretDocument(data);
    reply.wipe();
    await this.#deps.mounts.remember(place.mount, signal);
    return ok({ form: "document", payload, version: kvVersion(display, createdTime) });
  }

  async #errorOfValue(target: Target, reply: VaultReply, signal: AbortSignal): Promise<ProviderError> {
    const error = await errorOfRead(this.#deps, target.place, reply, signal);
    if (error.kind !== "notFound" || target.version === undefined) return error;
    return this.#errorOfPinned({ ...target, version: target.version }, error, signal);
  }

  /** A missing version and a missing key answer alike: the metadata tells, or where it is denied the current value. */
  async #errorOfPinned(
    target: Target & { version: string },
    absent: ProviderError,
    signal: AbortSignal,
  ): Promise<ProviderError> {
    const missing = providerError("versionNotFound", `version ${target.version} does not exist`);
    const exchange = await this.#deps.api.probe(metadataPath(target.place), signal);
    if (!exchange.ok) return exchange.error;
    if (isMetadata(exchange.value)) return missing;
    if (!isDenial(exchange.value)) return absent;
    const current = await this.#value({ place: target.place, version: undefined }, signal);
    if (current.ok || ["deleted", "destroyed"].includes(current.error.kind)) return missing;
    return current.error;
  }

  async #metadata({ place }: Target, signal: AbortSignal): Promise<Secret> {
    const exchange = await this.#deps.api.read(metadataPath(place), signal);
    if (!exchange.ok) return exchange;
    const reply = exchange.value;
    const version = await this.#versionIn(reply, { place, version: undefined }, signal);
    if (!version.ok) return version;
    const document = metadataDocument(reply);
    const payload = SecretValue.ofUtf8(document);
    return ok({ form: "document", payload, version: metadataVersion(version.value, document) });
  }

  async #versionIn(reply: VaultReply, { place, version }: Target, signal: AbortSignal): Promise<Version> {
    if (!isMetadata(reply)) return failed(await errorOfRead(this.#deps, place, reply, signal));
    const found = versionIn(reply, version, this.#deps.clock.nowMs());
    if (found.ok) {
      await this.#deps.mounts.remember(place.mount, signal);
      return found;
    }
    if (!isConfirmableAbsence(found.error.kind)) return found;
    return failed(await confirmed(this.#deps, place, found.error, signal));
  }

  #target(ref: RemoteRef): Result<Target, ProviderError> {
    const { version, metadataPolicy } = ref;
    if (version !== undefined && !VERSION_NUMBER.test(version))
      return invalidReference("a version of KV is a whole number from 1 on");
    if (version !== undefined && metadataPolicy === "Fetch")
      return invalidReference("metadata has no versions: remove version");
    const place = resolveKey(this.#deps.spec, ref.key);
    return place.ok ? ok({ place: place.value, version }) : place;
  }
}

function metadataPath(place: KvPath): string {
  return requestPath(place.mount, "metadata", place.key);
}

function versionOf(secret: Secret): Version {
  if (!secret.ok) return secret;
  const { version } = secret.value;
  return version === undefined ? failed(providerError("unavailable", "the answer names no version")) : ok(version);
}
