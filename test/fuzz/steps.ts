// The form of the tables of steps: named ways to make another spec of a good one.

import type { JsonRecord } from "../testbed/json.ts";
import type { CrdObject } from "./crd-schema.ts";
import type { SpecContext } from "./spec-parts.ts";

/**
 * - `good`: served at once. `rollback`: the same again, at the end.
 * - `valid`: other than the good one, and accepted; what it leads to is for the oracle to say.
 * - `bad`: accepted, and cannot be served.
 * - `invalid`: breaks a rule of the CRD, so that admission refuses it.
 * - `schema`: from the schema alone; nobody knows what it means.
 */
export type Intent = "good" | "valid" | "bad" | "invalid" | "schema" | "rollback";

export interface StepContext extends SpecContext {
  readonly schema: CrdObject;
}

export interface StepMaker {
  readonly kind: string;
  /** After the first outcome a force-sync confirms what is absent. */
  readonly isForced?: true;
  readonly make: (good: JsonRecord, context: StepContext) => unknown;
}
