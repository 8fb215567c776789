// Metadata of an object from the API server or from a manifest. Only a missing name makes it unusable: what a manifest
// cannot know yet (uid, resourceVersion, generation, creationTimestamp) is empty there, or 0.

import { failed, ok, type Result } from "../result.ts";
import { recordOf, textOf } from "../unknown.ts";
import type { ObjectMeta, SpecError } from "./records.ts";

export function parseMeta(raw: unknown): Result<ObjectMeta, SpecError> {
  const metadata = recordOf(recordOf(raw)["metadata"]);
  const text = (field: string): string => textOf(metadata[field]) ?? "";
  if (text("name") === "") return failed({ path: "metadata.name", message: "is required" });
  const generation = metadata["generation"];
  return ok({
    name: text("name"),
    namespace: text("namespace"),
    uid: text("uid"),
    resourceVersion: text("resourceVersion"),
    generation: typeof generation === "number" ? generation : 0,
    labels: textMapOf(metadata["labels"]),
    annotations: textMapOf(metadata["annotations"]),
    creationTimestamp: text("creationTimestamp"),
    deletionTimestamp: textOf(metadata["deletionTimestamp"]),
  });
}

function textMapOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(value));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
