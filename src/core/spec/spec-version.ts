// What an ExternalSecret's Secret was made from: its generation, labels and annotations, as `status.syncedResourceVersion`.

import { createHash } from "node:crypto";
import type { ObjectMeta } from "./records.ts";

/** Force-sync is served apart (`status.lastHandledForceSync`), and kubectl's copy of the manifest says nothing new. */
const IGNORED_ANNOTATIONS: ReadonlySet<string> = new Set([
  "fairlead.dev/force-sync",
  "force-sync",
  "kubectl.kubernetes.io/last-applied-configuration",
]);
const HASH_CHARACTERS = 12;

/** `<generation>-<hash of labels and annotations>`; equal for equal maps, whatever their order. */
export function specVersion(meta: Pick<ObjectMeta, "generation" | "labels" | "annotations">): string {
  const annotations = Object.entries(meta.annotations).filter(([name]) => !IGNORED_ANNOTATIONS.has(name));
  const text = JSON.stringify([sorted(Object.entries(meta.labels)), sorted(annotations)]);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_CHARACTERS);
  return `${meta.generation}-${hash}`;
}

function sorted(entries: readonly [string, string][]): readonly [string, string][] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
