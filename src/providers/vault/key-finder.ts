// `find`: a complete list of the keys below a folder that match by name, by custom metadata, or by both. A list that
// is cut short by anything is an error. By name alone no key is looked at: one whose current version is deleted is
// listed, and reading it says so.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { FindQuery } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { type KvPath, keyText, pathFault, requestPath, resolveFolder } from "./key-path.ts";
import { hasTags, isMetadata, versionIn } from "./kv-metadata.ts";
import { errorOfRead, invalidReference, type KvDeps } from "./kv-reader.ts";
import { errorOfReply, meaningOfNotFound, unexpectedShape } from "./map-error.ts";
import type { VaultReply } from "./vault-reply.ts";

/** Keys and folders in one list. More would not fit into a Secret by far. */
const MAX_LISTED = 10_000;
/** Folders within each other. */
const MAX_DEPTH = 32;

type Keys = Result<readonly string[], ProviderError>;

export async function findKeys(deps: KvDeps, query: FindQuery, signal: AbortSignal): Promise<Keys> {
  const asksTags = Object.keys(query.tags).length > 0;
  if (asksTags && deps.spec.version === "v1") return invalidReference("KV version 1 has no tags: find by name");
  const folder = resolveFolder(deps.spec, query.path);
  if (!folder.ok) return folder;
  const { mount } = folder.value;
  const listed = await listBelow(deps, folder.value, signal);
  if (!listed.ok) return listed;
  if (listed.value.length > 0) await deps.mounts.remember(mount, signal);
  // A mount that was replaced lists fewer keys, or none.
  const sameMount = await deps.mounts.confirmAbsence(mount, signal);
  if (!sameMount.ok) return sameMount;
  const matching = await matchingIn(deps, query, { mount, keys: listed.value }, signal);
  if (!matching.ok) return matching;
  if (matching.value.length === 0 && !sameMount.value) {
    return failed({ ...providerError("notFound", "no key matches"), isUnproved: true });
  }
  return ok(matching.value.map((key) => keyText(deps.spec, { mount, key })).sort());
}

async function matchingIn(
  deps: KvDeps,
  { name, tags }: FindQuery,
  { mount, keys }: Pick<TagQuery, "mount" | "keys">,
  signal: AbortSignal,
): Promise<Keys> {
  const named = keys.filter((key) => name?.test(key) ?? true);
  if (named.some((key) => pathFault(key) !== undefined)) {
    return malformed("a key that matches holds a character that no key of an ExternalSecret may: narrow path or name");
  }
  return Object.keys(tags).length > 0 ? withTags(deps, { mount, keys: named, tags }, signal) : ok(named);
}

/** What the data of the store causes passes with it: unlike an invalid reference, it is tried again. */
function malformed(detail: string): Result<never, ProviderError> {
  return failed(providerError("malformedPayload", detail));
}

/** Keys below `folder`, as paths from the mount. Level by level: a failure ends it before the next level is asked. */
async function listBelow(deps: KvDeps, folder: KvPath, signal: AbortSignal): Promise<Keys> {
  const keys: string[] = [];
  let level = [folder.key];
  for (let depth = 0; level.length > 0; depth += 1) {
    const folders: string[] = [];
    for (const children of await Promise.all(level.map((key) => listFolder(deps, { ...folder, key }, signal)))) {
      if (!children.ok) return children;
      for (const child of children.value) (child.endsWith("/") ? folders : keys).push(child);
    }
    if (keys.length + folders.length > MAX_LISTED || depth === MAX_DEPTH) {
      return malformed(`find lists more than ${MAX_LISTED} keys or ${MAX_DEPTH} folders deep: narrow its path`);
    }
    level = folders.map((child) => child.slice(0, -1));
  }
  return ok(keys);
}

/** The children of a folder, as paths from the mount; a folder's ends with a slash. */
async function listFolder(deps: KvDeps, folder: KvPath, signal: AbortSignal): Promise<Keys> {
  const infix = deps.spec.version === "v2" ? "metadata" : "";
  const exchange = await deps.api.list(requestPath(folder.mount, infix, folder.key), signal);
  if (!exchange.ok) return exchange;
  const reply = exchange.value;
  if (reply.status === 404 && meaningOfNotFound(reply) === "absent") return ok([]);
  const names = reply.status === 200 ? namesIn(reply) : undefined;
  if (names === undefined) return failed(await errorOfRead(deps, folder, reply, signal));
  return ok(names.map((name) => (folder.key === "" ? name : `${folder.key}/${name}`)));
}

function namesIn(reply: VaultReply): readonly string[] | undefined {
  const keys = reply.at("data", "keys");
  if (keys?.kind !== "array") return undefined;
  const names = keys.items.map((item) => reply.text(item));
  return names.every(isName) ? names : undefined;
}

/** What Vault lists: one segment, a folder's with a slash at its end. Anything else could lead out of the folder. */
function isName(name: string | undefined): name is string {
  return name !== undefined && !/^(\.{0,2})\/?$/.test(name) && !name.slice(0, -1).includes("/");
}

interface TagQuery {
  readonly mount: string;
  readonly keys: readonly string[];
  readonly tags: FindQuery["tags"];
}

async function withTags(deps: KvDeps, query: TagQuery, signal: AbortSignal): Promise<Keys> {
  const tagged = await Promise.all(query.keys.map((key) => isTagged(deps, query, key, signal)));
  const matching: string[] = [];
  for (const [index, key] of query.keys.entries()) {
    const answer = tagged[index];
    if (answer?.ok === false) return answer;
    if (answer?.value === true) matching.push(key);
  }
  return ok(matching);
}

/** False also for a key that is gone by now, or whose current version is deleted or destroyed. */
async function isTagged(
  deps: KvDeps,
  { mount, tags }: TagQuery,
  key: string,
  signal: AbortSignal,
): Promise<Result<boolean, ProviderError>> {
  const exchange = await deps.api.read(requestPath(mount, "metadata", key), signal);
  if (!exchange.ok) return exchange;
  const reply = exchange.value;
  if (reply.status === 404 && meaningOfNotFound(reply) === "absent") return ok(false);
  if (!isMetadata(reply)) return failed(reply.status === 200 ? unexpectedShape(reply) : errorOfReply(reply));
  return ok(hasTags(reply, tags) && versionIn(reply, undefined, deps.clock.nowMs()).ok);
}
