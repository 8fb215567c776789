// managedFields of Secrets as the API server keeps them: who changed a value owns it, and who wrote an equal one
// does not. Only data, labels and annotations are followed: nothing reads the rest.

import { isRecord, recordOf, textOf } from "../../../src/core/unknown.ts";
import type { Json, Meta } from "./revision.ts";

export interface OwnedContent {
  readonly data: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const PARTS = ["data", "labels", "annotations"] as const;

/** The entries after `manager` made `before` into `after`. */
export function nextManagedFields(
  previous: Meta["managedFields"],
  before: OwnedContent,
  after: OwnedContent,
  manager: string,
): Meta["managedFields"] {
  const owners = new Map(previous.map((entry) => [textOf(entry["manager"]) ?? "", fieldsOf(entry)]));
  const ours = owners.get(manager) ?? new Set<string>();
  for (const part of PARTS) {
    for (const name of new Set([...Object.keys(before[part]), ...Object.keys(after[part])])) {
      if (before[part][name] === after[part][name]) continue;
      const field = `${part}/${name}`;
      for (const fields of owners.values()) fields.delete(field);
      if (after[part][name] === undefined) ours.delete(field);
      else ours.add(field);
    }
  }
  owners.set(manager, ours);
  return [...owners].filter(([, fields]) => fields.size > 0).map(([name, fields]) => entryOf(name, fields));
}

function fieldsOf(entry: Json): Set<string> {
  const fields = recordOf(entry["fieldsV1"]);
  const metadata = recordOf(fields["f:metadata"]);
  const of = (part: string, raw: unknown): readonly string[] =>
    isRecord(raw) ? Object.keys(raw).map((name) => `${part}/${name.slice(2)}`) : [];
  return new Set([
    ...of("data", fields["f:data"]),
    ...of("labels", metadata["f:labels"]),
    ...of("annotations", metadata["f:annotations"]),
  ]);
}

function entryOf(manager: string, fields: ReadonlySet<string>): Json {
  const of = (part: string): Json => {
    const prefix = `${part}/`;
    const names = [...fields].filter((field) => field.startsWith(prefix));
    return Object.fromEntries(names.map((field) => [`f:${field.slice(prefix.length)}`, {}]));
  };
  return {
    manager,
    operation: "Update",
    fieldsV1: { "f:data": of("data"), "f:metadata": { "f:labels": of("labels"), "f:annotations": of("annotations") } },
  };
}
