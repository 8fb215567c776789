// The status that we wrote last: it counts until the cache shows it, or a quick change there and back would be judged
// against a status that is no more.

import { compareResourceVersions } from "../resource-version.ts";

export interface WrittenStatus<S> {
  readonly status: S;
  /** Of the object as the cache showed it at the write. */
  readonly basedOn: string;
  /** Of the object as it was right after the write. */
  readonly resourceVersion: string;
}

interface CachedObject<S> {
  readonly meta: { readonly resourceVersion: string };
  readonly status: S | undefined;
}

/**
 * What status says now: our own last write, until the cache has caught up with it. A cache that went back behind what the
 * write was based on shows another past (etcd restored from a backup), in which the write does not exist.
 */
export function currentStatus<S>(
  { meta, status }: CachedObject<S>,
  written: WrittenStatus<S> | undefined,
): S | undefined {
  if (written === undefined) return status;
  const { basedOn, resourceVersion } = written;
  const isBehind =
    compareResourceVersions(meta.resourceVersion, resourceVersion) < 0 &&
    compareResourceVersions(basedOn, meta.resourceVersion) <= 0;
  return isBehind ? written.status : status;
}
