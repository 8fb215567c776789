// The writes that take us off a Secret: our name, our owner reference, our keys. Pure, like `plan-secret.ts`.

import { type LiveSecret, ownedBy } from "./live-secret.ts";
import { fieldManager, MANAGED_LABEL, MARK_ANNOTATION } from "./names.ts";
import { isExclusive } from "./ownership.ts";
import { changedOwners, patchBody, type PlanSubject, type SecretBody } from "./secret-body.ts";

/** Takes our name off a Secret that we no longer write to (creationPolicy None); the data stays. Undefined: nothing to take off. */
export function planRelease({ meta, peers }: PlanSubject, live: LiveSecret): SecretBody | undefined {
  const isMarked = live.meta.annotations[MARK_ANNOTATION] === meta.name;
  const others = live.ownerReferences.filter((reference) => reference.uid !== meta.uid);
  const isOwned = others.length < live.ownerReferences.length;
  const isLabelled = isMarked || isOwned || ownedBy(live, fieldManager(meta.name)).labels.has(MANAGED_LABEL);
  const metadata = {
    ...(isMarked ? { annotations: { [MARK_ANNOTATION]: null } } : {}),
    ...(isLabelled && peers.length === 0 ? { labels: { [MANAGED_LABEL]: null } } : {}),
    ...(isOwned ? { ownerReferences: others } : {}),
  };
  return Object.keys(metadata).length === 0 ? undefined : patchBody(live, metadata, {}, false);
}

/** Takes our owner reference off a Secret that is otherwise left alone, and our mark where the policy shares it. Undefined: there is none. */
export function planDisowning(subject: PlanSubject, live: LiveSecret): SecretBody | undefined {
  const owners = changedOwners(subject, live);
  if (owners === undefined || subject.target.creationPolicy === "Owner") return undefined;
  const mark = isExclusive(subject.target.creationPolicy) ? {} : { annotations: { [MARK_ANNOTATION]: null } };
  return patchBody(live, { ...mark, ownerReferences: owners }, {}, false);
}

/** Removes our keys from a Secret (deletionPolicy Merge with nothing left). Undefined: there are none. */
export function planKeyRemoval(
  subject: PlanSubject,
  live: LiveSecret,
): { body: SecretBody; keys: readonly string[] } | undefined {
  const keys = isExclusive(subject.target.creationPolicy)
    ? [...live.data.keys()]
    : [...ownedBy(live, fieldManager(subject.meta.name)).data].filter((key) => live.data.has(key));
  if (keys.length === 0) return undefined;
  return { body: patchBody(live, {}, Object.fromEntries(keys.map((key) => [key, null])), false), keys: keys.sort() };
}
