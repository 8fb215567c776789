// What a schedule is judged by (faults.md, Invariants), and the record of what was broken.

export const invariants = {
  preserve: "I1: nothing good is deleted, blanked or taken from others",
  atomic: "I2: each revision of a Secret is one complete rendering",
  converge: "I3: all is right in time after the last fault",
  oneWriter: "I4: only the leader writes, and only while its time lasts",
  oneWorker: "one worker at a time is at an ExternalSecret",
  noRegress: "I5: never back to an older answer or an older spec",
  quiet: "I6: no hot loop, and no write once all is right",
  truth: "I7: status says Ready of nothing but what is there",
  noThrow: "nothing throws unexpectedly",
} as const;

export type Invariant = keyof typeof invariants;

export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
  readonly atMs: number;
}
