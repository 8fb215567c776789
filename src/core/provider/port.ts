// The port between the reconcilers, which know no vendor, and the providers, which know no ExternalSecret.
// Every answer says which version was really read, and every failure is a value with a kind.

import type { Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import type { ProviderError } from "./error.ts";

export type MetadataPolicy = "None" | "Fetch";

/** A compiled RE2 pattern: linear time on any input. */
export interface NamePattern {
  readonly source: string;
  /** True if the pattern matches anywhere in `text`. */
  test(text: string): boolean;
  replaceAll(text: string, target: string): string;
}

/** One remote object at one version (undefined: the current one). */
export interface RemoteRef {
  readonly key: string;
  readonly version: string | undefined;
  readonly metadataPolicy: MetadataPolicy;
}

declare const remoteRefIdBrand: unique symbol;
/** Identity of a RemoteRef within one store. */
export type RemoteRefId = string & { readonly [remoteRefIdBrand]: "RemoteRefId" };

export function remoteRefId(ref: RemoteRef): RemoteRefId {
  return JSON.stringify([ref.key, ref.version ?? null, ref.metadataPolicy]) as RemoteRefId;
}

/** Compared by `identity`, never by order: KV v2 starts again at 1 after a metadata delete. */
export interface RemoteVersion {
  /** Equal identities mean equal content. */
  readonly identity: string;
  /** For people and status, such as "3". */
  readonly display: string;
  /** RFC 3339, when the store says so. */
  readonly createdTime: string | undefined;
}

export interface RemoteSecret {
  /**
   * `document`: a JSON object whose properties are the secret (Vault). `blob`: bytes that may hold JSON (AWS, Azure).
   * A document without a property becomes its canonical JSON text; a blob stays as stored.
   */
  readonly form: "document" | "blob";
  readonly payload: SecretValue;
  /** Undefined where the store has no versions (KV v1): content is then its own identity. */
  readonly version: RemoteVersion | undefined;
}

export interface FindQuery {
  /** List below this path only. Undefined: the whole mount. */
  readonly path: string | undefined;
  readonly name: NamePattern | undefined;
  /** Every tag must be there with this value. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface StoreHealth {
  readonly capabilities: "ReadOnly";
  /** Changes when what lies behind the store is another thing (Vault: mount type, version, accessor); undefined if unknown. */
  readonly backendIdentity: string | undefined;
  /** Facts a store's status message may show, our own words. */
  readonly notes: readonly string[];
}

export interface SecretProvider {
  /** Cheap: which version is current, without reading values where the store can. One entry per ref, never throws for one. */
  readVersions(
    refs: readonly RemoteRef[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<RemoteRefId, Result<RemoteVersion | undefined, ProviderError>>>;
  /** Reads values; the answer names the version that was really read. One entry per ref, never throws for one. */
  readSecrets(
    refs: readonly RemoteRef[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<RemoteRefId, Result<RemoteSecret, ProviderError>>>;
  /**
   * Complete list of the keys that match, sorted; a partial list is an error. A key whose current version is deleted or
   * destroyed may be among them: reading it says so, and means that it is not there. An empty list is an absence: where
   * it is not proved, the answer is `notFound` with `isUnproved`.
   */
  find(query: FindQuery, signal: AbortSignal): Promise<Result<readonly string[], ProviderError>>;
  /** Proves by a real login and a real call that the store can be reached with these credentials. */
  validate(signal: AbortSignal): Promise<Result<StoreHealth, ProviderError>>;
  /** Revokes what the session holds and ends its sockets; at most a few seconds, never throws. */
  close(): Promise<void>;
}
