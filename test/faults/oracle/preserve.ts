// I1: a good Secret is never deleted, blanked or shortened without a confirmed cause, and a Secret of somebody else is
// not touched at all.

import { annotationOf, controllerUid, isBeingDeleted, type Revision } from "./revision.ts";
import type { Evidence, SecretStory, Step } from "./secret-story.ts";
import type { Violation } from "./violation.ts";
import { claimsOf } from "./wanted.ts";

const MARK = "fairlead.dev/external-secret";
const ADOPT = "fairlead.dev/adopt";

export function judgePreserved(evidence: Evidence, story: SecretStory): readonly Violation[] {
  return story.steps.flatMap((step, index) => {
    const before = story.steps[index - 1];
    const what = before === undefined ? undefined : harm(evidence, story, { before, step });
    return what === undefined ? [] : [{ invariant: "I1", object: story.id, what, at: step.revision.order }];
  });
}

interface Transition {
  readonly before: Step;
  readonly step: Step;
}

function harm(evidence: Evidence, story: SecretStory, transition: Transition): string | undefined {
  const { before, step } = transition;
  if (step.isForeign || before.revision.change === "DELETED") return undefined;
  if (evidence.expected.mayGo(story.namespace, story.name)) return undefined;
  if (isOfSomebodyElse(story, transition)) return "a Secret of somebody else was changed or deleted";
  // What a foreign writer spoiled is no longer the operator's to keep; deleting it instead of healing it still is wrong.
  if (step.revision.change === "DELETED") {
    return hasCause(evidence, before.revision, step.revision) ? undefined : "it was deleted without a confirmed cause";
  }
  const isGood = before.matches.length > 0;
  const lost = [...before.revision.data].filter(([key, text]) => text !== "" && !step.revision.data.get(key));
  return isGood && step.fault !== undefined && lost.length > 0
    ? `it lost ${lost.length} of ${before.revision.data.size} keys: ${lost.map(([key]) => key).join(", ")}`
    : undefined;
}

/** Made by somebody else, and neither marked as ours nor given to us. */
function isOfSomebodyElse(story: SecretStory, { before, step }: Transition): boolean {
  const isOurAffair = story.claims.some(({ wanted }) => !wanted.isWhole);
  const maker = story.steps.find(({ revision }) => revision.uid === before.revision.uid);
  const isGiven =
    annotationOf(before.revision, MARK) !== undefined ||
    annotationOf(before.revision, ADOPT) !== undefined ||
    controllerUid(before.revision) !== undefined;
  const isTouched = step.revision.change === "DELETED" || step.changesData;
  return (
    maker?.isForeign === true && !isGiven && !isOurAffair && isTouched && step.revision.uid === before.revision.uid
  );
}

/** Its ExternalSecret is gone, or has moved to another target that exists. */
function hasCause(evidence: Evidence, secret: Revision, deletion: Revision): boolean {
  const uid = controllerUid(secret);
  if (uid === undefined) return false;
  const earlier = evidence.revisions.filter(({ order }) => order < deletion.order);
  const owner = earlier.filter((revision) => revision.kind === "ExternalSecret" && revision.uid === uid);
  if (owner.length === 0 || owner.some(isBeingDeleted)) return true;
  const target = claimsOf(owner).at(-1)?.target;
  const [namespace, name] = target?.split("/") ?? [];
  const successor = earlier.findLast(
    (revision) => revision.kind === "Secret" && revision.namespace === namespace && revision.name === name,
  );
  const hasMoved = target !== `${secret.namespace}/${secret.name}`;
  return hasMoved && successor !== undefined && successor.change !== "DELETED";
}
