// The state in which a run ends, without what differs from run to run for no reason: uids, times, versions of the API
// server, the common beginning of names.

import { isRecord, type JsonRecord } from "../../testbed/json.ts";
import type { RecordedKind, Revision } from "../oracle/revision.ts";

/** By KIND/NAME. */
export type EndState = ReadonlyMap<string, JsonRecord>;

const COMPARED: readonly RecordedKind[] = ["Secret", "ExternalSecret", "SecretStore"];
const PASSING_FIELDS = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  // How often a sync had to be asked for is the test's affair; the other two are derived from it.
  "fairlead.dev/force-sync",
  "lastHandledForceSync",
  "syncedResourceVersion",
]);
const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export interface RunNames {
  readonly namespace: string;
  /** With which all names of the run begin. */
  readonly prefix: string;
}

/** What is there at the end of all revisions. */
export function endStateOf(revisions: readonly Revision[], { namespace, prefix }: RunNames): EndState {
  const newest = new Map<string, Revision>();
  for (const revision of revisions) {
    if (revision.namespace !== namespace || !revision.name.startsWith(prefix)) continue;
    if (COMPARED.includes(revision.kind)) newest.set(`${revision.kind}/${revision.name}`, revision);
  }
  const present = [...newest.values()].filter(({ change }) => change !== "DELETED");
  return new Map(
    present.map((revision) => [
      `${revision.kind}/${revision.name.slice(prefix.length)}`,
      normalised(revision, { namespace, prefix }),
    ]),
  );
}

function normalised({ object, data, kind }: Revision, names: RunNames): JsonRecord {
  const shown = kind === "Secret" ? { ...object, data: Object.fromEntries(data) } : object;
  const lasting = lastingIn(shown, names);
  return isRecord(lasting) ? lasting : {};
}

function lastingIn(value: unknown, names: RunNames): unknown {
  if (Array.isArray(value)) return value.map((item) => lastingIn(item, names));
  if (typeof value === "string") return lastingText(value, names);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value)
    .filter(([field]) => !PASSING_FIELDS.has(field))
    .map(([field, item]): [string, unknown] => [field, lastingIn(item, names)]);
  return Object.fromEntries(kept.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function lastingText(text: string, { namespace, prefix }: RunNames): string {
  if (TIME.test(text)) return "(time)";
  return text.replaceAll(namespace, "(namespace)").replaceAll(prefix, "").replace(UUID, "(uid)");
}
