// What the oracle says when an invariant of design/faults.md does not hold.

export type Invariant =
  /** Preserve: a good Secret is never deleted, blanked or shortened without a confirmed cause. */
  | "I1"
  /** Atomic: each revision of a Secret is one complete rendering. */
  | "I2"
  /** Converge: correct soon after the last fault. */
  | "I3"
  /** One writer: two leaders never write. */
  | "I4"
  /** No rotation is lost, and none is taken back. */
  | "I5"
  /** Quiet: no writes once settled. */
  | "I6"
  /** Truth: a status that says Ready says so of the Secret as it is. */
  | "I7"
  /** No leak: no byte of a value outside of Secrets. */
  | "I8"
  /** What only the row of the scenario demands. */
  | "row";

export interface Violation {
  readonly invariant: Invariant;
  /** NAMESPACE/NAME, or what else it is about. */
  readonly object: string;
  /** A sentence; never holds a value of a secret. */
  readonly what: string;
  /** resourceVersion at which it shows; undefined where it is about none. */
  readonly at?: number;
}

export function describeViolation({ invariant, object, what, at }: Violation): string {
  return `${invariant} ${object}: ${what}${at === undefined ? "" : ` (resourceVersion ${at})`}`;
}
