// The order in which kstatus judges an object (design: status-contract.md, 2; cli-utils v0.37.2,
// pkg/kstatus/status/generic.go and status.go), restated as an oracle. The integration suite runs the real code.

import type { Condition } from "../../../../src/core/status/external-secret-status.ts";

export type KStatus = "InProgress" | "Failed" | "Current";

export interface JudgedObject {
  readonly generation: number;
  readonly status: { readonly observedGeneration: number; readonly conditions: readonly Condition[] };
}

export function kstatus({ generation, status }: JudgedObject): KStatus {
  if (status.observedGeneration !== generation) return "InProgress";
  for (const condition of status.conditions) {
    if (condition.type === "Reconciling" && condition.status === "True") return "InProgress";
    if (condition.type === "Stalled" && condition.status === "True") return "Failed";
  }
  const ready = status.conditions.find((condition) => condition.type === "Ready");
  return ready === undefined || ready.status === "True" ? "Current" : "InProgress";
}
