// What a sync makes of its reading: render, keep the last good Secret, or let a deletion policy act. Pure.

import type { SecretValue } from "../secret-value.ts";
import type { ExternalSecretSpec } from "../spec/external-secret.ts";
import { summariseFailures, syncedMessage } from "../status/failure-summary.ts";
import type { Reason } from "../status/reasons.ts";
import type { Assembly } from "./assemble.ts";

export interface Verdict {
  readonly reason: Reason;
  readonly message: string;
}

export type Decision =
  /** Make the Secret hold `rendering`. */
  | { readonly kind: "render"; readonly rendering: ReadonlyMap<string, SecretValue>; readonly verdict: Verdict }
  /** Leave the Secret as it is. */
  | { readonly kind: "keep"; readonly verdict: Verdict }
  /** Everything is confirmed absent: remove the Secret, or our keys from it. */
  | { readonly kind: "removeSecret"; readonly verdict: Verdict }
  | { readonly kind: "removeKeys"; readonly verdict: Verdict };

export interface DecisionInput {
  readonly spec: ExternalSecretSpec;
  readonly assembly: Assembly;
  /** Keys whose `find` may have lost them, with the value that the Secret holds. */
  readonly carried: ReadonlyMap<string, SecretValue>;
  /** True if the target exists and is ours, or holds keys of ours. */
  readonly hasSecret: boolean;
}

export function decide(input: DecisionInput): Decision {
  const { spec, assembly, carried } = input;
  const failure = summariseFailures(assembly.failures);
  if (failure !== undefined) return { kind: "keep", verdict: failure };
  const rendering = new Map([...carried, ...assembly.rendering]);
  if (rendering.size > 0) {
    return {
      kind: "render",
      rendering,
      verdict: { reason: "SecretSynced", message: syncedMessage(rendering.size, assembly.remoteCount) },
    };
  }
  return nothingLeft(spec, input);
}

function nothingLeft({ target }: ExternalSecretSpec, { assembly, hasSecret }: DecisionInput): Decision {
  if (target.deletionPolicy === "Retain") {
    return hasSecret
      ? keep(
          "SecretRetained",
          "the store has nothing for it any more; the Secret is kept as it was (deletionPolicy Retain)",
        )
      : keep("SecretNotFound", "find matched no secret in the store; check path, name and tags");
  }
  if (!assembly.entries.every((entry) => entry.leftOut)) {
    return keep(
      "SecretNotFound",
      "find matches no secret in the store any more; a second look must confirm it before the deletion policy acts",
    );
  }
  const removed = "everything it reads is confirmed absent in the store";
  return target.deletionPolicy === "Delete"
    ? {
        kind: "removeSecret",
        verdict: { reason: "SecretDeleted", message: `${removed}; the Secret is removed (deletionPolicy Delete)` },
      }
    : {
        kind: "removeKeys",
        verdict: { reason: "SecretSynced", message: `${removed}; its keys are removed (deletionPolicy Merge)` },
      };
}

function keep(reason: Reason, message: string): Decision {
  return { kind: "keep", verdict: { reason, message } };
}
