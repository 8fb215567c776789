// What a check may find. Details name fields, keys and reasons, never values.

export type Check =
  | "admission and parser differ"
  | "an unlisted rejection of the code"
  | "not the wanted outcome"
  | "Current while the Secret differs"
  | "a partial Secret"
  | "a Secret that must not change"
  | "a refused spec changed something"
  | "not recovered by the roll-back"
  | "the operator";

export interface Violation {
  readonly check: Check;
  readonly detail: string;
}
