// The status that we wrote last: it counts until the cache shows it, or a quick change there and back would be judged
// against a status that is no more.

import { compareResourceVersions } from "../resource-version.ts";

export interface WrittenStatus<S> {
  readonly status: S;
  /** Of the object as it was right after the write. */
  readonly resourceVersion: string;
}

interface CachedObject<S> {
  readonly meta: { readonly resourceVersion: string };
  readonly status: S | undefined;
}

/** What status says now: our own last write, until the cache has caught up with it. */
export function currentStatus<S>(
  { meta, status }: CachedObject<S>,
  written: WrittenStatus<S> | undefined,
): S | undefined {
  if (written === undefined) return status;
  return compareResourceVersions(meta.resourceVersion, written.resourceVersion) < 0 ? written.status : status;
}
