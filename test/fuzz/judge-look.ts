// Has an ExternalSecret come to what was expected, and does its status tell the truth on the way? Pure. Details name fields,
// keys and reasons, never values.

import { condition, createSightings } from "../integration/support/sightings.ts";
import { type JsonRecord, optionalTextAt, valueAt } from "../testbed/json.ts";
import type { Content, Expectation } from "./oracle.ts";
import { isSameData, type SecretView } from "./secret-view.ts";
import type { Violation } from "./violation.ts";

/** True once status speaks of the spec as it is. */
export function isObserved(object: JsonRecord): boolean {
  return valueAt(object, "status", "observedGeneration") === valueAt(object, "metadata", "generation");
}

export function readyReason(object: JsonRecord): string {
  return optionalTextAt(condition(object, "Ready"), "reason") ?? "";
}

type Removed = Extract<Expectation, { kind: "removed" }>;

/** True if the ExternalSecret and its target are as expected. `target`: read after `object`. */
export function isReached(expected: Expectation, object: JsonRecord, target: SecretView | undefined): boolean {
  return isObserved(object) && isAsExpected(expected, object, target);
}

function isAsExpected(expected: Expectation, object: JsonRecord, target: SecretView | undefined): boolean {
  switch (expected.kind) {
    case "content":
      return isReadyFor(object, ["SecretSynced"]) && contentFaults(expected, target).length === 0;
    case "kept":
      return !isReady(object) && isSaid(object, expected.reasons);
    case "left":
      return isSuspension(expected) ? isSuspended(object) : isReadyFor(object, expected.reasons);
    case "removed":
      return isRemoved(expected, object, target);
    case "beyond":
      return condition(object, "Ready") !== undefined;
  }
}

function isRemoved({ isGone, keys }: Removed, object: JsonRecord, target: SecretView | undefined): boolean {
  if (isGone) return isReadyFor(object, ["SecretDeleted"]) && target === undefined;
  return isReadyFor(object, ["SecretSynced"]) && !keys.some((key) => target?.data[key] !== undefined);
}

function isReady(object: JsonRecord): boolean {
  return condition(object, "Ready")?.["status"] === "True";
}

function isReadyFor(object: JsonRecord, reasons: readonly string[]): boolean {
  return isReady(object) && isSaid(object, reasons);
}

function isSaid(object: JsonRecord, reasons: readonly string[]): boolean {
  return reasons.includes(readyReason(object));
}

function isSuspended(object: JsonRecord): boolean {
  return optionalTextAt(condition(object, "Reconciling"), "reason") === "Suspended";
}

/** kstatus goes on saying what it said before. */
function isSuspension(expected: Expectation): boolean {
  return expected.kind === "left" && expected.reasons.includes("Suspended");
}

/** What is wrong with the target, by field and key. Empty: it is as wanted. */
export function contentFaults(wanted: Content, target: SecretView | undefined): readonly string[] {
  if (target === undefined) return ["there is no Secret"];
  const keys = Object.keys(wanted.data).filter((key) => target.data[key] !== wanted.data[key]);
  const more = wanted.isWhole ? Object.keys(target.data).filter((key) => !Object.hasOwn(wanted.data, key)) : [];
  return [
    ...keys.map((key) => `key ${key} ${target.data[key] === undefined ? "is missing" : "has another value"}`),
    ...more.map((key) => `key ${key} is too many`),
    ...(wanted.type === undefined || target.type === wanted.type ? [] : [`type is ${target.type}`]),
    ...(target.immutable === wanted.immutable ? [] : [`immutable is ${target.immutable}`]),
    ...textFaults("label", wanted.labels, target.labels),
    ...textFaults("annotation", wanted.annotations, target.annotations),
  ];
}

type Texts = Readonly<Record<string, string>>;

function textFaults(what: string, wanted: Texts, found: Texts): readonly string[] {
  return Object.keys(wanted).flatMap((name) => (found[name] === wanted[name] ? [] : [`${what} ${name} differs`]));
}

const kstatus = createSightings();

/** Statuses that kstatus may call Current though the Secret is not as the store has it (design: status-contract.md). */
const NAMED_EXCEPTIONS = ["SecretMissing", "SecretRetained", "SecretDeleted"];

/** One look while a step runs. `target` was read after `object`, and nobody else writes: what status says must hold of it. */
export function judgeLook(
  expected: Expectation,
  object: JsonRecord,
  { target, before }: { readonly target: SecretView | undefined; readonly before: SecretView | undefined },
): readonly Violation[] {
  const violations: Violation[] = [];
  const isExcepted = isSuspended(object) || isSaid(object, NAMED_EXCEPTIONS);
  if (kstatus.expectedKstatus(object) === "Current" && !isExcepted && !isReached(expected, object, target)) {
    const faults = expected.kind === "content" ? contentFaults(expected, target) : [`not ${wordsFor(expected)}`];
    const detail = `${readyReason(object)}; ${faults.join(", ")}`;
    violations.push({ check: "Current while the Secret differs", detail });
  }
  if (target !== undefined && isPartial(expected, target, before)) {
    violations.push({ check: "a partial Secret", detail: `keys ${Object.keys(target.data).join(", ")}` });
  }
  return violations;
}

/** Neither as it was nor as wanted. */
function isPartial(expected: Expectation, target: SecretView, before: SecretView | undefined): boolean {
  if (expected.kind === "beyond" || expected.kind === "removed") return false;
  if (before !== undefined && isSameData(target, before)) return false;
  if (expected.kind !== "content") return true;
  return Object.entries(expected.data).some(([key, text]) => target.data[key] !== text);
}

/** For people: what was waited for. */
export function wordsFor(expected: Expectation): string {
  switch (expected.kind) {
    case "content":
      return `SecretSynced with keys ${Object.keys(expected.data).join(", ")} in ${expected.target}`;
    case "kept":
    case "left":
      return expected.reasons.join(" or ");
    case "removed":
      return expected.isGone
        ? `no Secret ${expected.target}`
        : `none of the keys ${expected.keys.join(", ")} in ${expected.target}`;
    case "beyond":
      return `any outcome (${expected.why})`;
  }
}
