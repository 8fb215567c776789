// The checks of a step once it has ended: do admission and parser agree, is every rejection of the code listed, and are the
// Secrets what they must be? Pure.

import { condition } from "../integration/support/sightings.ts";
import { type JsonRecord, listAt, optionalTextAt, valueAt } from "../testbed/json.ts";
import { argumentFor, type CodeOnlyRejection } from "./code-only-rejections.ts";
import type { Expectation } from "./oracle.ts";
import { isSameData, type SecretView, type Sight } from "./secret-view.ts";
import type { Violation } from "./violation.ts";

/** What the API server or the parser says of a spec. */
export type Verdict = { readonly accepted: true } | { readonly accepted: false; readonly message: string };

export function judgeAgreement(api: Verdict, parser: Verdict): readonly Violation[] {
  if (api.accepted === parser.accepted) return [];
  if (!parser.accepted && argumentFor("InvalidSpec", parser.message) !== undefined) return [];
  const detail = parser.accepted
    ? `the API server refuses what the parser takes: ${api.accepted ? "" : api.message}`
    : `the API server takes what the parser refuses: ${parser.message}`;
  return [{ check: "admission and parser differ", detail }];
}

export interface Rejection {
  readonly reason: string;
  readonly message: string;
  readonly listed: CodeOnlyRejection | undefined;
}

/** What our code says against a spec that admission took: of the whole, or of an entry. */
export function rejectionsIn(object: JsonRecord): readonly Rejection[] {
  const ready = condition(object, "Ready");
  const isStalled = condition(object, "Stalled")?.["status"] === "True";
  const said = [...(isStalled ? [ready] : []), ...listAt(object, "status", "entries")].map((source) => ({
    reason: optionalTextAt(source, "reason") ?? "",
    message: optionalTextAt(source, "message") ?? "",
  }));
  return said
    .filter(
      ({ reason }, index) => (isStalled && index === 0) || reason === "InvalidSpec" || reason === "InvalidReference",
    )
    .map((rejection) => ({ ...rejection, listed: argumentFor(rejection.reason, rejection.message) }));
}

export function judgeRejections(object: JsonRecord): readonly Violation[] {
  return rejectionsIn(object)
    .filter(({ listed }) => listed === undefined)
    .map(({ reason, message }) => ({ check: "an unlisted rejection of the code", detail: `${reason}: ${message}` }));
}

export interface Outcome {
  readonly self: { readonly name: string; readonly uid: string };
  readonly targetName: string;
  readonly before: Sight;
  readonly after: Sight;
}

/** What the Secrets of the namespace have become once the step has ended. */
export function judgeSecrets(expected: Expectation, outcome: Outcome): readonly Violation[] {
  const made = [...outcome.after.keys()].filter(
    (name) => !outcome.before.has(name) && (name !== outcome.targetName || isWithoutWrite(expected)),
  );
  const changed = [...outcome.before].flatMap(([name, before]) => {
    const after = outcome.after.get(name);
    if (name === outcome.targetName) return targetFaults(expected, { before, after, self: outcome.self });
    if (after !== undefined)
      return after.uid === before.uid && isSameData(after, before) ? [] : [`${name} was changed`];
    const isFormer =
      before.controllerUid === outcome.self.uid && (expected.kind === "content" || expected.kind === "beyond");
    return isFormer ? [] : [`${name} was deleted`];
  });
  const details = [...made.map((name) => `${name} was made`), ...changed];
  return details.map((detail) => ({ check: "a Secret that must not change", detail }));
}

function isWithoutWrite({ kind }: Expectation): boolean {
  return kind === "kept" || kind === "left";
}

interface TargetChange {
  readonly before: SecretView;
  readonly after: SecretView | undefined;
  readonly self: { readonly name: string };
}

function targetFaults(expected: Expectation, { before, after, self }: TargetChange): readonly string[] {
  if (after === undefined) return expected.kind === "removed" && expected.isGone ? [] : ["the target was deleted"];
  if (after.uid !== before.uid) return ["the target was deleted and made again"];
  if (isWithoutWrite(expected)) return isSameData(after, before) ? [] : ["the target was changed"];
  if (expected.kind !== "content" || expected.isWhole) return [];
  const ours = before.writers[`fairlead/${self.name}`] ?? [];
  return Object.keys(before.data).flatMap((key) => {
    const isWanted = Object.hasOwn(expected.data, key);
    const isFree = isWanted || (ours.includes(key) && after.data[key] === undefined);
    return isFree || after.data[key] === before.data[key] ? [] : [`key ${key} of somebody else was changed`];
  });
}

/** A refused spec: the object's spec and the Secrets are as they were. */
export function judgeRefusal(
  before: { readonly object: JsonRecord | undefined; readonly secrets: Sight },
  after: { readonly object: JsonRecord | undefined; readonly secrets: Sight },
): readonly Violation[] {
  const part = (object: JsonRecord | undefined): string =>
    JSON.stringify([
      valueAt(object, "metadata", "uid"),
      valueAt(object, "metadata", "generation"),
      valueAt(object, "spec"),
    ]);
  const isSame =
    part(before.object) === part(after.object) &&
    JSON.stringify([...before.secrets]) === JSON.stringify([...after.secrets]);
  return isSame
    ? []
    : [{ check: "a refused spec changed something", detail: "the object or a Secret is not as before" }];
}
