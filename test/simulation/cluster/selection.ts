// Which objects a list or watch is about, and in which form it wants them.

import { recordOf } from "../../../src/core/unknown.ts";
import { type ObjectRef, parsePath } from "./object-path.ts";
import type { Revision } from "./revision.ts";

export interface Selection {
  readonly ref: ObjectRef;
  readonly query: URLSearchParams;
  matches(revision: Revision | undefined): boolean;
  /** The object as it travels. */
  textOf(revision: Revision): string;
}

export function selectionOf(pathWithQuery: string, accept: string | undefined): Selection {
  const [path = "", search = ""] = pathWithQuery.split("?");
  const ref = parsePath(path);
  const query = new URLSearchParams(search);
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

/** A body as the server reads it. */
export function parseBody(text: string | undefined): Readonly<Record<string, unknown>> {
  const body: unknown = text === undefined ? {} : JSON.parse(text);
  return recordOf(body);
}
