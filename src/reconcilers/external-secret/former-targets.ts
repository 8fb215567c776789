// Removes Secrets that an ExternalSecret made under a former target name, once the new one is there.

import type { ObjectName } from "../../core/object-key.ts";
import { ownedBy } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { judgeRejection, type Rejection } from "./rejection.ts";
import type { TargetWriter } from "./target-writer.ts";

export type Removal =
  | { readonly kind: "done" }
  /** The ExternalSecret is no more: garbage collection sees to what it made. */
  | { readonly kind: "gone" }
  | { readonly kind: "later" }
  /** The API server will not let us: which Secret, and what to do. */
  | { readonly kind: "refused"; readonly message: string };

const DONE: Removal = { kind: "done" };
const LATER: Removal = { kind: "later" };

export async function removeFormer(
  writer: TargetWriter,
  externalSecret: string,
  former: readonly ObjectName[],
  signal: AbortSignal,
): Promise<Removal> {
  const manager = fieldManager(externalSecret);
  const removals = await Promise.all(former.map((name) => removeIfOurs(writer, name, manager, signal)));
  const worst = (kind: Removal["kind"]): Removal | undefined => removals.find((removal) => removal.kind === kind);
  return worst("gone") ?? worst("refused") ?? worst("later") ?? DONE;
}

/** A copy that somebody made of our Secret carries our owner reference too, but not our field manager: it stays. */
async function removeIfOurs(
  writer: TargetWriter,
  name: ObjectName,
  manager: string,
  signal: AbortSignal,
): Promise<Removal> {
  const live = await writer.read(name, signal);
  if (!live.ok) return removalAfter(judgeRejection(live.error, name), name);
  if (live.value === undefined || ownedBy(live.value, manager).data.size === 0) return DONE;
  const { uid, resourceVersion } = live.value.meta;
  const removed = await writer.remove(name, { uid, resourceVersion }, signal);
  return removed.ok ? DONE : removalAfter(judgeRejection(removed.error, name), name);
}

function removalAfter(rejection: Rejection, { name }: ObjectName): Removal {
  if (rejection.kind === "gone") return rejection;
  if (rejection.kind !== "rejected") return LATER;
  return { kind: "refused", message: `Secret ${name} of a former target name stays: ${rejection.message}` };
}
