// Entries: how the sources of a spec are reported. An entry stands for one store, key and pinned version (whatever
// number of sources read it), or for one `find`.

import type { FindReference, Source } from "../spec/external-secret.ts";
import type { EntryId } from "../status/external-secret-status.ts";

const KEY_MAX = 1024;

export function entryId(source: Source): EntryId {
  const store = { storeKind: source.store.kind, store: source.store.name };
  if (source.kind === "find") return { ...store, key: describeFind(source.find).slice(0, KEY_MAX) };
  const { key, version } = source.remoteRef;
  return { ...store, key, ...(version === undefined ? {} : { pinnedVersion: version }) };
}

/** One text per entry, for maps. */
export function entryText(entry: EntryId): string {
  return JSON.stringify([entry.storeKind, entry.store, entry.key, entry.pinnedVersion ?? null]);
}

/** One text per source: changes whenever the source would render other keys from the same remote state. */
export function sourceText(source: Source): string {
  const entry = entryText(entryId(source));
  if (source.kind === "data")
    return JSON.stringify(["data", entry, source.secretKey, source.remoteRef.property ?? null]);
  const rewrite = source.rewrite.map((rule) => [rule.pattern.source, rule.target]);
  const { conversionStrategy } = source.kind === "find" ? source.find : source.remoteRef;
  const property = source.kind === "extract" ? (source.remoteRef.property ?? null) : null;
  return JSON.stringify([source.kind, entry, property, conversionStrategy, rewrite]);
}

function describeFind(find: FindReference): string {
  const parts = [
    ...(find.path === undefined ? [] : [`path=${find.path}`]),
    ...(find.name === undefined ? [] : [`name=${find.name.source}`]),
    ...Object.entries(find.tags)
      .sort()
      .map(([name, value]) => `tag ${name}=${value}`),
  ];
  return `find(${parts.join(", ")})`;
}
