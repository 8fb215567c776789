// What the election machine knows (state), hears (input) and wants done (effect).

import type { Random } from "../../core/clock.ts";
import type { Lease, LeaseClaim } from "./lease.ts";

export type ElectionState = Following | Leading | Ended;

export interface Following {
  readonly kind: "following";
  /** Undefined: not read yet. */
  readonly sight: LeaseSight | undefined;
  readonly request: ElectionRequest | undefined;
}

/** The Lease as we last saw it. */
export interface LeaseSight {
  /** Undefined: there is none. */
  readonly lease: Lease | undefined;
  /** From when on we may take it; our own monotonic time, because no clock but ours can be trusted. */
  readonly freeAtMs: number;
}

export interface Leading {
  readonly kind: "leading";
  /** Undefined: somebody deleted it. */
  readonly lease: Lease | undefined;
  /** When the last renewal that succeeded was sent. */
  readonly renewedMs: number;
  readonly renewAtMs: number;
  readonly request: ElectionRequest | undefined;
  /** It was not renewed in time: nothing may be written, but nobody else is known to lead. */
  readonly suspended: boolean;
}

/** Another replica leads, or we stopped: there is no way back. */
export interface Ended {
  readonly kind: "ended";
}

/** One request at a time; each has a deadline of its own. */
export type ElectionRequest = { readonly kind: "read" } | { readonly kind: "write"; readonly sentMs: number };

export type ElectionInput =
  | { readonly kind: "start" }
  /** The watch shows the Lease; late, perhaps. */
  | { readonly kind: "sighted"; readonly lease: Lease }
  /** A consistent read; undefined: there is none. */
  | { readonly kind: "read"; readonly lease: Lease | undefined }
  | { readonly kind: "readFailed" }
  | { readonly kind: "written"; readonly lease: Lease }
  /** `conflict`: it is not as we saw it, or exists. `other`: it may even have been written. */
  | { readonly kind: "writeFailed"; readonly why: "conflict" | "other" }
  | { readonly kind: "timer" }
  /** Only while no request is under way. */
  | { readonly kind: "stop" };

export type ElectionEffect =
  | { readonly kind: "readLease" }
  | { readonly kind: "writeLease"; readonly claim: LeaseClaim }
  /** We lead, and may write until then (monotonic). The first one means: elected. */
  | { readonly kind: "lead"; readonly untilMs: number }
  /** Not renewed in time: give up what is being written. */
  | { readonly kind: "suspend" }
  | { readonly kind: "lost"; readonly holder: string }
  | { readonly kind: "release"; readonly claim: LeaseClaim }
  /** Replaces the timer armed before. */
  | { readonly kind: "setTimer"; readonly delayMs: number };

export interface ElectionStep {
  readonly state: ElectionState;
  readonly effects: readonly ElectionEffect[];
}

export interface ElectionEnvironment {
  /** Name that no other replica has; the same after a restart of the container. */
  readonly identity: string;
  /** Monotonic. */
  readonly nowMs: number;
  readonly random: Random;
}
