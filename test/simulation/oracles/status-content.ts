// What the status of an ExternalSecret says.

import { listOf, recordOf, textOf } from "../../../src/core/unknown.ts";
import type { Revision } from "../cluster/revision.ts";
import { oncePerObject } from "../once-per-object.ts";

export interface ReadySaying {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** `observedGeneration` of the condition. */
  readonly generation: number;
}

/** Undefined: nothing yet. */
export const readyOf = oncePerObject(({ value }: Revision): ReadySaying | undefined => {
  const conditions = listOf(recordOf(value["status"])["conditions"]).map(recordOf);
  const ready = conditions.find((condition) => condition["type"] === "Ready");
  if (ready === undefined) return undefined;
  const text = (name: string): string => textOf(ready[name]) ?? "";
  return {
    status: text("status"),
    reason: text("reason"),
    message: text("message"),
    generation: Number(ready["observedGeneration"]),
  };
});
