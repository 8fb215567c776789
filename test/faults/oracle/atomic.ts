// I2: each revision of a Secret that the operator wrote is one complete rendering of a spec that was in force.

import type { Evidence, SecretStory } from "./secret-story.ts";
import type { Violation } from "./violation.ts";

export function judgeAtomic({ expected }: Evidence, story: SecretStory): readonly Violation[] {
  if (expected.mayGo(story.namespace, story.name)) return [];
  return story.steps.flatMap(({ revision, isForeign, changesData, fault }) =>
    isForeign || !changesData || fault === undefined
      ? []
      : [{ invariant: "I2", object: story.id, what: `not one complete rendering: ${fault}`, at: revision.order }],
  );
}
