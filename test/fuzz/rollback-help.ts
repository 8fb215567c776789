// Roll-backs that the contract does not let recover without a person: the explicit list, each with the reason and with the
// help that status asks for. The runner gives that help, and the good state must follow.

import type { Expectation } from "./oracle.ts";
import type { SecretView } from "./secret-view.ts";

export interface RollbackHelp {
  readonly id: string;
  /** `remake`: the Secret is deleted (and made anew by who made it, if it is somebody else's). `adopt`: it is annotated. */
  readonly help: "remake" | "adopt";
  readonly why: string;
  readonly applies: (expected: Expectation, target: SecretView) => boolean;
}

const isKept = (expected: Expectation, reason: string): boolean =>
  expected.kind === "kept" && expected.reasons.includes(reason);

export const rollbackHelps: readonly RollbackHelp[] = [
  {
    id: "the Secret became immutable",
    help: "remake",
    why: "Kubernetes changes no value of an immutable Secret, and we delete none without a deletion policy",
    applies: (expected, target) => isKept(expected, "TargetImmutable") && target.immutable,
  },
  {
    id: "the Secret was made with another type",
    help: "remake",
    why: "Kubernetes changes no type of a Secret, and we delete none without a deletion policy",
    applies: (expected) => isKept(expected, "TargetImmutable") || isKept(expected, "TargetRejected"),
  },
  {
    id: "the Secret was let go",
    help: "adopt",
    why: "Merge, CreateOrMerge and None take our mark off, so that others may rely on the Secret: who wants it back for Owner or Orphan says so (ownership in the API design)",
    applies: (expected, target) =>
      isKept(expected, "TargetNotOwned") && target.controllerUid === undefined && target.mark === undefined,
  },
];

/** The listed help that brings the target back; undefined: it must come back by itself. */
export function helpFor(expected: Expectation, target: SecretView | undefined): RollbackHelp | undefined {
  return target === undefined ? undefined : rollbackHelps.find((help) => help.applies(expected, target));
}
