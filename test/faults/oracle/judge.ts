// Judges what was recorded of a run: pure, so that handmade histories can show that each check is able to fail.

import { type NamedText, leaksOf } from "../../testbed/leaks.ts";
import { judgeAtomic } from "./atomic.ts";
import { judgeForward } from "./forward.ts";
import { judgePreserved } from "./preserve.ts";
import { type Evidence, secretStories } from "./secret-story.ts";
import { judgeTruth } from "./truth.ts";
import type { Violation } from "./violation.ts";

/** I1, I2, I5 and I7, which are about the objects' history. */
export function judgeHistory(evidence: Evidence): readonly Violation[] {
  return secretStories(evidence)
    .flatMap((story) => {
      const violations = [
        ...judgePreserved(evidence, story),
        ...judgeAtomic(evidence, story),
        ...judgeForward(evidence, story),
      ];
      return violations.filter(({ invariant }) => !evidence.expected.isExempt(story.namespace, story.name, invariant));
    })
    .concat(judgeTruth(evidence));
}

/** I8: outputs, metrics, statuses, Events and requests, none of which may hold a byte of a value. */
export function judgeLeaks(texts: readonly NamedText[], canary: string): readonly Violation[] {
  return leaksOf(texts, canary).map(({ where, form }) => ({
    invariant: "I8",
    object: where,
    what: `it holds the value of a secret (${form})`,
  }));
}
