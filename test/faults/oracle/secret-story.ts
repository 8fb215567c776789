// The history of each target Secret, each revision with what the oracle makes of it. The invariants are judged on this.

import type { Expected } from "./expectations.ts";
import type { RemoteHistory } from "./remote-history.ts";
import { renderingOf, type Rendering } from "./rendering.ts";
import { type Revision, timelines } from "./revision.ts";
import { type Claim, claimsOf } from "./wanted.ts";

/** All that the judge looks at. */
export interface Evidence {
  readonly revisions: readonly Revision[];
  readonly remotes: RemoteHistory;
  readonly expected: Expected;
  /** The dust has settled: what was only late until now is wrong. */
  readonly isSettled: boolean;
  /** What kstatus says of a revision of an ExternalSecret; none: it was not asked. */
  readonly kstatus?: ReadonlyMap<Revision, string>;
}

export interface Match {
  readonly claim: Claim;
  readonly rendering: Rendering & { readonly isComplete: true };
}

export interface Step {
  readonly revision: Revision;
  /** Not the operator's doing: declared so, or before any ExternalSecret claimed the Secret. */
  readonly isForeign: boolean;
  /** The data differ from those of the step before, or there is none. */
  readonly changesData: boolean;
  /** Claims in force that the data are a complete rendering of, newest first. */
  readonly matches: readonly Match[];
  /** What is wrong about the data; undefined: nothing, by some claim in force, or by the lack of any. */
  readonly fault: string | undefined;
}

export interface SecretStory {
  /** NAMESPACE/NAME */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly steps: readonly Step[];
  readonly claims: readonly Claim[];
}

/** One for each Secret that any ExternalSecret claims to write. */
export function secretStories(evidence: Evidence): readonly SecretStory[] {
  const claims = Map.groupBy(claimsOf(evidence.revisions), ({ target }) => target);
  const secrets = timelines(evidence.revisions, "Secret");
  return [...claims].flatMap(([id, all]) => {
    const writing = all.filter(({ creationPolicy }) => creationPolicy !== "None");
    const [namespace = "", name = ""] = id.split("/");
    const steps = stepsOf(evidence, secrets.get(id) ?? [], writing);
    return writing.length === 0 ? [] : [{ id, namespace, name, steps, claims: writing }];
  });
}

function stepsOf(evidence: Evidence, revisions: readonly Revision[], claims: readonly Claim[]): readonly Step[] {
  return revisions.map((revision, index) => {
    const before = revisions[index - 1];
    const inForce = claims.filter(({ order }) => order <= revision.order).toReversed();
    const renderings = inForce.map((claim) => ({
      claim,
      rendering: renderingOf(revision.data, claim, evidence.remotes),
    }));
    const matches = renderings.flatMap(({ claim, rendering }) => (rendering.isComplete ? [{ claim, rendering }] : []));
    return {
      revision,
      isForeign: inForce.length === 0 || evidence.expected.isForeign(revision),
      changesData:
        revision.change !== "DELETED" &&
        (before === undefined || before.change === "DELETED" || !sameData(before.data, revision.data)),
      matches,
      fault: matches.length > 0 ? undefined : faultOf(revision, renderings),
    };
  });
}

function faultOf(
  revision: Revision,
  renderings: readonly { readonly claim: Claim; readonly rendering: Rendering }[],
): string | undefined {
  const [newest] = renderings;
  if (newest === undefined || revision.change === "DELETED" || newest.rendering.isComplete) return undefined;
  // Under Merge the Secret is there before our keys are.
  const isUntouched = renderings.every(
    ({ claim }) => !claim.wanted.isWhole && claim.wanted.keys.every(({ secretKey }) => !revision.data.has(secretKey)),
  );
  return isUntouched ? undefined : newest.rendering.why;
}

function sameData(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, text]) => other.get(key) === text);
}

/** The newest of some revisions in order that is committed by then. */
export function latestBy<T extends { readonly revision: Revision }>(steps: readonly T[], order: number): T | undefined {
  return steps.findLast(({ revision }) => revision.order <= order);
}
