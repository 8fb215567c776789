// I5: a Secret never goes back to an older version of a remote secret, nor to the rendering of an older spec, and none
// is made for an ExternalSecret that is gone.

import { annotationOf, controllerUid, type Revision } from "./revision.ts";
import type { Evidence, SecretStory, Step } from "./secret-story.ts";
import type { Violation } from "./violation.ts";

/**
 * A create that is on its way while its ExternalSecret is deleted cannot be recalled (garbage collection removes the
 * Secret); later than this after the deletion the operator knew better. Milliseconds.
 */
const CREATE_IN_FLIGHT_MS = 1000;

const MARK = "fairlead.dev/external-secret";

export function judgeForward(evidence: Evidence, story: SecretStory): readonly Violation[] {
  const own = story.steps.filter(({ isForeign, revision }) => !isForeign && revision.change !== "DELETED");
  const violation = (step: Step, what: string): Violation => {
    return { invariant: "I5", object: story.id, what, at: step.revision.order };
  };
  const remotes = regressions(
    own.filter(({ changesData }) => changesData),
    serialsOf,
  );
  const specs = regressions(
    own.filter(({ changesData }) => changesData),
    generationsOf,
  );
  return [
    ...remotes.map(({ step, series }) => violation(step, `it went back to an older version of ${series}`)),
    ...specs.map(({ step, series }) => violation(step, `it went back to an older spec of ${series}`)),
    ...own
      .filter(({ revision }) => revision.change === "ADDED" && isForTheDead(evidence, revision))
      .map((step) => violation(step, "it was made after its ExternalSecret was deleted")),
  ];
}

/** What one revision may stand for in each series; several where contents of different versions are equal. */
type Positions = ReadonlyMap<string, readonly number[]>;

/** Steps at which no reading of the content avoids going back. Each position is read as early as possible. */
function regressions(
  steps: readonly Step[],
  positionsOf: (step: Step) => Positions,
): readonly { readonly step: Step; readonly series: string }[] {
  const reached = new Map<string, number>();
  return steps.flatMap((step) =>
    [...positionsOf(step)].flatMap(([series, positions]) => {
      const from = reached.get(series) ?? 0;
      const next = positions.filter((position) => position >= from);
      reached.set(series, Math.min(...(next.length > 0 ? next : positions)));
      return next.length > 0 ? [] : [{ step, series }];
    }),
  );
}

function serialsOf({ matches }: Step): Positions {
  const all = matches.flatMap(({ rendering }) => [...rendering.origins]);
  const grouped = Map.groupBy(all, ([path]) => path);
  return new Map(
    [...grouped].map(([path, origins]) => [
      path,
      origins.flatMap(([, versions]) => versions.map(({ serial }) => serial)),
    ]),
  );
}

function generationsOf({ matches }: Step): Positions {
  const grouped = Map.groupBy(matches, ({ claim }) => `${claim.name} (${claim.uid})`);
  return new Map([...grouped].map(([id, found]) => [id, found.map(({ claim }) => claim.generation)]));
}

function isForTheDead({ revisions }: Evidence, secret: Revision): boolean {
  const uid = controllerUid(secret);
  const name = annotationOf(secret, MARK);
  const last = revisions.findLast(
    (revision) =>
      revision.kind === "ExternalSecret" &&
      revision.order < secret.order &&
      (uid === undefined ? revision.namespace === secret.namespace && revision.name === name : revision.uid === uid),
  );
  return last?.change === "DELETED" && secret.seenAtMs - last.seenAtMs > CREATE_IN_FLIGHT_MS;
}
