// What a key of an ExternalSecret means at a Vault mount, and how it stands in a URL. A key that could leave its
// mount, or turn into a query, is refused before any request is made.
// Prefix rules: external-secrets/external-secrets@0e85f67, providers/v1/vault/client_get.go, buildPath.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";

/** A place below a KV mount. Both parts are plain text, without slashes at their ends. */
export interface KvPath {
  readonly mount: string;
  /** Empty: the root of the mount (only folders may be). */
  readonly key: string;
}

type PathRules = Pick<VaultStoreSpec, "path" | "version">;

/** The segment that KV v2 has between mount and key. */
const DATA = "data";
/** Controls, and what begins a query, a fragment, an escape or (for some proxies) a path of another system. */
const FORBIDDEN = /[\p{Cc}?#%\\]/u;

/** The mount and key that `key` names: written with or without the mount and `data/`; without `path` the mount comes first. */
export function resolveKey(rules: PathRules, key: string): Result<KvPath, ProviderError> {
  const fault = pathFault(key);
  if (fault !== undefined) return failed(providerError("invalidReference", `the key ${fault}`));
  const place = placeOf(rules, key.split("/"));
  if (place.key === "") return failed(providerError("invalidReference", "the key names no secret: write MOUNT/KEY"));
  return ok(place);
}

/** The folder to list; undefined or empty: the root of the mount. One slash at its end is allowed. */
export function resolveFolder(rules: PathRules, path: string | undefined): Result<KvPath, ProviderError> {
  const folder = (path ?? "").replace(/\/$/, "");
  if (folder === "") {
    if (rules.path !== undefined) return ok({ mount: rules.path, key: "" });
    return failed(providerError("invalidReference", "find needs a path: the store names no mount"));
  }
  const fault = pathFault(folder);
  if (fault !== undefined) return failed(providerError("invalidReference", `the path of find ${fault}`));
  if (folder === rules.path) return ok({ mount: folder, key: "" });
  return ok(placeOf(rules, folder.split("/")));
}

/** How to write the key of `place` so that `resolveKey` leads back to it. */
export function keyText(rules: PathRules, place: KvPath): string {
  if (rules.path === undefined) {
    return rules.version === "v2" ? `${place.mount}/${DATA}/${place.key}` : `${place.mount}/${place.key}`;
  }
  return place.key.startsWith(`${place.mount}/`) ? `${place.mount}/${place.key}` : place.key;
}

/** What is wrong with a path, as a clause after its name; undefined if nothing is. */
export function pathFault(path: string): string | undefined {
  if (FORBIDDEN.test(path) || !path.isWellFormed()) return "holds one of ? # % \\ or a control character";
  const unsafe = path.split("/").some((segment) => segment === "" || segment === "." || segment === "..");
  return unsafe ? "holds an empty segment, '.' or '..'" : undefined;
}

/** A path below `/v1/`, each segment encoded; empty parts are left out. */
export function requestPath(...parts: readonly string[]): string {
  const segments = parts.filter((part) => part !== "").flatMap((part) => part.split("/"));
  return segments.map(encodeSegment).join("/");
}

function placeOf(rules: PathRules, segments: readonly string[]): KvPath {
  if (rules.path !== undefined) return placeAt(rules.path, belowMount(rules.path, rules.version, segments));
  const dataAt = rules.version === "v2" ? segments.indexOf(DATA, 1) : -1;
  if (dataAt > 0) return placeAt(segments.slice(0, dataAt).join("/"), segments.slice(dataAt + 1));
  return placeAt(segments[0] ?? "", segments.slice(1));
}

function placeAt(mount: string, segments: readonly string[]): KvPath {
  return { mount, key: segments.join("/") };
}

function belowMount(mount: string, version: PathRules["version"], segments: readonly string[]): readonly string[] {
  const mountSegments = mount.split("/");
  const isPrefixed =
    segments.length > mountSegments.length && mountSegments.every((segment, index) => segment === segments[index]);
  if (!isPrefixed) return segments;
  const rest = segments.slice(mountSegments.length);
  return version === "v2" && rest[0] === DATA && rest.length > 1 ? rest.slice(1) : rest;
}

/** Stricter than encodeURIComponent: also what RFC 3986 reserves (section 2.2), so that nothing on the way reads it. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
