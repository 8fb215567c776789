// Which objects a list or watch is about, and in which form it wants them.

import { recordOf } from "../../../src/core/unknown.ts";
import { type ObjectRef, parsePath } from "./object-path.ts";
import type { Revision } from "./revision.ts";

const NO_QUERY: ReadonlyMap<string, string> = new Map();

export interface Selection {
  readonly ref: ObjectRef;
  readonly query: ReadonlyMap<string, string>;
  matches(revision: Revision | undefined): boolean;
  /** The object as it travels. */
  textOf(revision: Revision): string;
}

export function selectionOf(pathWithQuery: string, accept: string | undefined): Selection {
  const [path = "", search = ""] = pathWithQuery.split("?");
  const ref = parsePath(path);
  const query = queryOf(search);
  const [label, labelValue] = (query.get("labelSelector") ?? "").split("=");
  const name = query.get("fieldSelector")?.replace("metadata.name=", "");
  const isPartial = accept?.includes("PartialObjectMetadata") ?? false;
  return {
    ref,
    query,
    matches: (revision) =>
      revision !== undefined &&
      (ref.namespace === "" || revision.meta.namespace === ref.namespace) &&
      (name === undefined || revision.meta.name === name) &&
      (label === undefined || label === "" || revision.meta.labels[label] === labelValue),
    textOf: (revision) => (isPartial ? revision.metadataText : revision.text),
  };
}

/** Of one value per name, with names that need no escape. */
function queryOf(search: string): ReadonlyMap<string, string> {
  if (search === "") return NO_QUERY;
  const pairs = search.split("&").map((pair) => pair.split("="));
  return new Map(pairs.map(([name = "", value = ""]) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  return text.includes("%") || text.includes("+") ? decodeURIComponent(text.replaceAll("+", " ")) : text;
}

/** A body as the server reads it. */
export function parseBody(text: string | undefined): Readonly<Record<string, unknown>> {
  const body: unknown = text === undefined ? {} : JSON.parse(text);
  return recordOf(body);
}
