// A target Secret as a live GET shows it, and which of its fields which field manager wrote last.

import type { ObjectMeta } from "../spec/records.ts";
import { SecretValue } from "../secret-value.ts";
import { parseMeta } from "../spec/parse-meta.ts";
import { isRecord, recordOf, textOf } from "../unknown.ts";

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Names of data keys, labels and annotations that one field manager owns. */
export interface OwnedFields {
  readonly data: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
  readonly annotations: ReadonlySet<string>;
}

export interface LiveSecret {
  readonly meta: ObjectMeta;
  readonly ownerReferences: readonly OwnerReference[];
  readonly type: string;
  readonly immutable: boolean;
  readonly data: ReadonlyMap<string, SecretValue>;
  readonly owned: ReadonlyMap<string, OwnedFields>;
  /** Field managers, who wrote last comes first. */
  readonly writers: readonly string[];
}

const NOTHING: OwnedFields = { data: new Set(), labels: new Set(), annotations: new Set() };

export function ownedBy(live: LiveSecret, manager: string): OwnedFields {
  return live.owned.get(manager) ?? NOTHING;
}

/** The field manager other than `manager` that wrote last to one of `keys`, or else to anything; undefined: there is none. */
export function foreignWriter(live: LiveSecret, keys: readonly string[], manager: string): string | undefined {
  const others = live.writers.filter((name) => name !== manager);
  return others.find((name) => keys.some((key) => ownedBy(live, name).data.has(key))) ?? others[0];
}

/** Undefined if `raw` is no Secret with usable metadata. */
export function parseLiveSecret(raw: unknown): LiveSecret | undefined {
  const meta = parseMeta(raw);
  if (!isRecord(raw) || !meta.ok) return undefined;
  const metadata = recordOf(raw["metadata"]);
  return {
    meta: meta.value,
    ownerReferences: parseOwnerReferences(metadata["ownerReferences"]),
    type: textOf(raw["type"]) ?? "Opaque",
    immutable: raw["immutable"] === true,
    data: parseData(raw["data"]),
    owned: parseManagedFields(metadata["managedFields"]),
    writers: parseWriters(metadata["managedFields"]),
  };
}

export function parseOwnerReferences(raw: unknown): readonly OwnerReference[] {
  if (!Array.isArray(raw)) return [];
  return raw.filter(isRecord).map((reference) => ({
    apiVersion: textOf(reference["apiVersion"]) ?? "",
    kind: textOf(reference["kind"]) ?? "",
    name: textOf(reference["name"]) ?? "",
    uid: textOf(reference["uid"]) ?? "",
    controller: reference["controller"] === true,
    ...(reference["blockOwnerDeletion"] === true ? { blockOwnerDeletion: true } : {}),
  }));
}

function parseData(raw: unknown): ReadonlyMap<string, SecretValue> {
  const data = new Map<string, SecretValue>();
  for (const [key, value] of Object.entries(recordOf(raw))) {
    if (typeof value === "string") data.set(key, SecretValue.ofBytes(Buffer.from(value, "base64")));
  }
  return data;
}

function parseManagedFields(raw: unknown): ReadonlyMap<string, OwnedFields> {
  const owned = new Map<string, OwnedFields>();
  if (!Array.isArray(raw)) return owned;
  for (const entry of raw.filter(isRecord)) {
    const manager = textOf(entry["manager"]);
    if (manager === undefined) continue;
    const fields = recordOf(entry["fieldsV1"]);
    const metadata = recordOf(fields["f:metadata"]);
    const known = owned.get(manager) ?? NOTHING;
    owned.set(manager, {
      data: known.data.union(fieldNames(fields["f:data"])),
      labels: known.labels.union(fieldNames(metadata["f:labels"])),
      annotations: known.annotations.union(fieldNames(metadata["f:annotations"])),
    });
  }
  return owned;
}

function parseWriters(raw: unknown): readonly string[] {
  if (!Array.isArray(raw)) return [];
  const timeMs = (entry: Readonly<Record<string, unknown>>): number => Date.parse(textOf(entry["time"]) ?? "") || 0;
  const latestFirst = raw.filter(isRecord).toSorted((left, right) => timeMs(right) - timeMs(left));
  return latestFirst.flatMap((entry) => textOf(entry["manager"]) ?? []);
}

/** Keys such as `f:password`; the set's own entry `.` is left out (apimachinery, fieldsV1 format). */
function fieldNames(raw: unknown): ReadonlySet<string> {
  const names = Object.keys(recordOf(raw)).filter((name) => name.startsWith("f:"));
  return new Set(names.map((name) => name.slice(2)));
}
