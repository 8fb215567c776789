// Every ExternalSecret and store that a test looked at (Secrets are left out), once per resourceVersion, with what kstatus must make of it.

import { isRecord, type JsonRecord, optionalTextAt, valueAt } from "../../testbed/json.ts";

export interface Sightings {
  note(object: JsonRecord): void;
  all(): readonly JsonRecord[];
  /** By the conditions; undefined while the object was not observed at its generation. */
  expectedKstatus(object: JsonRecord): "Current" | "InProgress" | "Failed" | undefined;
}

export function createSightings(): Sightings {
  const seen = new Map<string, JsonRecord>();
  return {
    note(object) {
      if (!(optionalTextAt(object, "apiVersion") ?? "").startsWith("fairlead.dev/")) return;
      const id = `${optionalTextAt(object, "metadata", "uid") ?? ""}/${optionalTextAt(object, "metadata", "resourceVersion") ?? ""}`;
      seen.set(id, object);
    },
    all: () => [...seen.values()],
    expectedKstatus(object) {
      if (valueAt(object, "metadata", "deletionTimestamp") !== undefined) return undefined;
      if (valueAt(object, "status", "observedGeneration") !== valueAt(object, "metadata", "generation"))
        return "InProgress";
      if (conditionStatus(object, "Stalled") === "True") return "Failed";
      return conditionStatus(object, "Ready") === "True" ? "Current" : "InProgress";
    },
  };
}

export function condition(object: JsonRecord, type: string): JsonRecord | undefined {
  const conditions = valueAt(object, "status", "conditions");
  if (!Array.isArray(conditions)) return undefined;
  return conditions.filter(isRecord).find((candidate) => candidate["type"] === type);
}

function conditionStatus(object: JsonRecord, type: string): unknown {
  return condition(object, type)?.["status"];
}
