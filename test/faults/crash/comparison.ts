// Sieve's oracle: a disturbed run against the undisturbed one, by the state in which they end, and by how often each
// object was created and deleted (Sun et al., "Automatic Reliability Testing for Cluster Management Controllers",
// OSDI 2022, section 3.4).

import type { JsonRecord } from "../../testbed/json.ts";
import { isRecord } from "../../testbed/json.ts";
import type { OperationCounts } from "../oracle/counts.ts";
import type { EndState } from "./end-state.ts";

/** What is compared of a run. */
export interface Outcome {
  readonly endState: EndState;
  /** By KIND/NAME; an Event under its reason and object. */
  readonly counts: ReadonlyMap<string, OperationCounts>;
}

const NONE: OperationCounts = { created: 0, changed: 0, deleted: 0 };

/** Sentences about what differs; none: nothing does. `repeatable`: Events that a restart may make once more. */
export function differences(
  reference: Outcome,
  run: Outcome,
  repeatable: ReadonlySet<string> = new Set(),
): readonly string[] {
  const counts = new Map([...run.counts].filter(([id]) => !repeatable.has(id)));
  return [...stateDifferences(reference.endState, run.endState), ...countDifferences(reference.counts, counts)];
}

function stateDifferences(reference: EndState, state: EndState): readonly string[] {
  const ids = [...new Set([...reference.keys(), ...state.keys()])].sort();
  return ids.flatMap((id) => {
    const [wanted, found] = [reference.get(id), state.get(id)];
    if (wanted === undefined) return [`${id} is there`];
    if (found === undefined) return [`${id} is not there`];
    return fieldDifferences(wanted, found, id);
  });
}

function fieldDifferences(wanted: JsonRecord, found: JsonRecord, path: string): readonly string[] {
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].sort();
  return fields.flatMap((field) => {
    const [one, other] = [wanted[field], found[field]];
    if (isRecord(one) && isRecord(other)) return fieldDifferences(one, other, `${path}.${field}`);
    return shown(one) === shown(other) ? [] : [`${path}.${field} is ${shown(other)}, not ${shown(one)}`];
  });
}

function shown(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

/** A Secret is changed as often, an ExternalSecret's status may be written once more. Events may be lost, not doubled. */
function countDifferences(
  reference: ReadonlyMap<string, OperationCounts>,
  counts: ReadonlyMap<string, OperationCounts>,
): readonly string[] {
  const ids = [...new Set([...reference.keys(), ...counts.keys()])].sort();
  return ids.flatMap((id) => {
    const [wanted, found] = [reference.get(id) ?? NONE, counts.get(id) ?? NONE];
    if (id.startsWith("Event/")) {
      return found.created > wanted.created ? [said(id, "created", found.created, wanted.created)] : [];
    }
    const verbs = id.startsWith("Secret/") ? COUNTED_OF_SECRETS : COUNTED;
    return verbs
      .filter((verb) => found[verb] !== wanted[verb])
      .map((verb) => said(id, verb, found[verb], wanted[verb]));
  });
}

const COUNTED = ["created", "deleted"] as const;
const COUNTED_OF_SECRETS = ["created", "changed", "deleted"] as const;

function said(id: string, verb: string, found: number, wanted: number): string {
  return `${id} was ${verb} ${found} times, not ${wanted}`;
}
