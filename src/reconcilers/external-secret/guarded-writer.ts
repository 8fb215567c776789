// Writes in the name of one ExternalSecret, and only while it stands: the cache that brought us here may show a past. A
// Secret is created, or removed, only after a live look at its ExternalSecret, so that none comes back whose
// ExternalSecret was deleted behind a frozen watch, and no older rendering replaces a newer one.

import { MANAGED_LABEL } from "../../core/sync/names.ts";
import type { SecretBody } from "../../core/sync/secret-body.ts";
import { recordOf } from "../../core/unknown.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { LiveSecret } from "../../core/sync/live-secret.ts";
import type { Standing } from "./live-look.ts";
import type { TargetWriter, Withheld, WriteRefusal, WrittenSecret } from "./target-writer.ts";

export interface WriteGuard {
  readonly look: (signal: AbortSignal) => Promise<Standing>;
  /**
   * The target as this process left it. While it is the same, nobody wrote a newer rendering into it, neither another
   * replica nor an earlier life of ours, and a change may go without a look.
   */
  readonly left: WrittenSecret | undefined;
  /** False: the cache shows by now that what is to be written must not be. Asked right before the write. */
  readonly isCurrent: () => boolean;
  /** Told of each write that our watch of managed Secrets will show. */
  readonly onWrote: (resourceVersion: string) => void;
}

const NOT_CURRENT: Withheld = { kind: "withheld", why: "unclear", retryAfterMs: 0 };

export function guardedWriter(writer: TargetWriter, guard: WriteGuard): TargetWriter {
  const toldOf = (answer: Result<LiveSecret, WriteRefusal>, body: SecretBody): Result<LiveSecret, WriteRefusal> => {
    if (answer.ok && isShown(answer.value, body)) guard.onWrote(answer.value.meta.resourceVersion);
    return answer;
  };
  return {
    ...writer,
    async create(name, body, manager, signal) {
      const allowed = await admit(guard, signal);
      return allowed.ok ? toldOf(await writer.create(name, body, manager, signal), body) : allowed;
    },
    async change(name, body, manager, signal) {
      const allowed = isAsLeft(guard, body) ? stillCurrent(guard) : await admit(guard, signal);
      return allowed.ok ? toldOf(await writer.change(name, body, manager, signal), body) : allowed;
    },
    async remove(name, seen, signal) {
      const allowed = await admit(guard, signal);
      if (!allowed.ok) return allowed;
      const removed = await writer.remove(name, seen, signal);
      if (removed.ok && removed.value !== undefined) guard.onWrote(removed.value);
      return removed;
    },
  };
}

async function admit(guard: WriteGuard, signal: AbortSignal): Promise<Result<undefined, Withheld>> {
  const standing = await guard.look(signal);
  if (standing.kind === "current") return stillCurrent(guard);
  const retryAfterMs = standing.kind === "unclear" ? standing.retryAfterMs : 0;
  return failed({ kind: "withheld", why: standing.kind, retryAfterMs });
}

function stillCurrent({ isCurrent }: WriteGuard): Result<undefined, Withheld> {
  return isCurrent() ? ok(undefined) : failed(NOT_CURRENT);
}

function isAsLeft({ left }: WriteGuard, { metadata }: SecretBody): boolean {
  return left !== undefined && metadata["uid"] === left.uid && metadata["resourceVersion"] === left.resourceVersion;
}

/** A Secret without our label is shown only once more: when it loses it. */
function isShown({ meta }: LiveSecret, { metadata }: SecretBody): boolean {
  return meta.labels[MANAGED_LABEL] === "true" || recordOf(metadata["labels"])[MANAGED_LABEL] === null;
}
