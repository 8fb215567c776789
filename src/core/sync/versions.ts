// The versions of one complete reading as one text: equal texts mean equal content.

import { entryId, entryText } from "./entries.ts";
import type { SourceRead } from "./assemble.ts";

/** Undefined if a source failed, or if its content is its only identity (KV v1, `find`). */
export function readVersions(reads: readonly SourceRead[]): string | undefined {
  const versions = new Map<string, string>();
  for (const { source, reading } of reads) {
    if (!reading.ok || reading.value.kind !== "one" || reading.value.secret.version === undefined) return undefined;
    const policy = source.kind === "find" ? "" : source.remoteRef.metadataPolicy;
    versions.set(`${policy} ${entryText(entryId(source))}`, reading.value.secret.version.identity);
  }
  return JSON.stringify([...versions].sort());
}
