// What is judged once at the end of a run: the operator lived and did not throw, nothing it said holds a value, and kstatus
// reads every status that was seen as its conditions mean it.

import type { Sightings } from "../integration/support/sightings.ts";
import type { JsonRecord } from "../testbed/json.ts";
import { leaksOf, type NamedText } from "../testbed/leaks.ts";
import { computeKstatus } from "../testbed/kstatus.ts";
import type { Rig } from "../testbed/rig.ts";
import type { Violation } from "./violation.ts";

/** Constant messages of the operator's log that mean a defect. */
const DEFECT_MESSAGES = ["Reconcile threw", "Object parser threw", "Change handler threw"];

/** `logs`: lines of the operator, parsed. `lines`: the same as text, with what is no JSON. */
export function judgeLogs(logs: readonly JsonRecord[], lines: readonly string[]): readonly Violation[] {
  const defects = logs
    .filter((line) => DEFECT_MESSAGES.includes(String(line["msg"])))
    .map((line) => JSON.stringify(line));
  const unhandled = lines.filter((line) => /unhandled|uncaught/i.test(line));
  return [...defects, ...unhandled].map((line) => ({ check: "the operator", detail: `said ${line.slice(0, 500)}` }));
}

/** Nobody may find a part of a value in the texts; the canary is in every value. */
export function judgeLeaks(texts: readonly NamedText[], canary: string): readonly Violation[] {
  return leaksOf(texts, canary).map(({ where, form }) => ({
    check: "the operator",
    detail: `${where} hold a value of a secret (${form})`,
  }));
}

/** The real kstatus code against the conditions. */
export async function judgeStatuses(rig: Rig, sightings: Sightings): Promise<readonly Violation[]> {
  const objects = sightings.all();
  const verdicts = await computeKstatus(rig.handle.binaries, objects);
  const wrong = objects.filter((object, index) => {
    const wanted = sightings.expectedKstatus(object);
    return wanted !== undefined && verdicts[index]?.status !== wanted;
  });
  if (wrong.length === 0) return [];
  return [{ check: "the operator", detail: `kstatus reads ${wrong.length} statuses otherwise than their conditions` }];
}
