// The annotation by which people and GitOps tools ask for a sync now, as status remembers it.

import { createHash } from "node:crypto";

/** The first that is set wins; the second is what External Secrets Operator and Argo CD's `refresh` action use. */
const FORCE_SYNC_ANNOTATIONS = ["fairlead.dev/force-sync", "force-sync"];

/** Longer values are remembered by their SHA-256. */
const TOKEN_MAX = 64;

/** To compare with `lastHandledForceSync`; undefined: the annotation is absent. */
export function forceSyncToken(annotations: Readonly<Record<string, string>>): string | undefined {
  const value = FORCE_SYNC_ANNOTATIONS.map((name) => annotations[name]).find((candidate) => candidate !== undefined);
  if (value === undefined || value.length <= TOKEN_MAX) return value;
  return createHash("sha256").update(value).digest("hex");
}
