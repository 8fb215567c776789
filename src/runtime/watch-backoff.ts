// How long a watch waits after it ended before its time. Values of client-go's reflector where it has them:
// kubernetes/client-go tools/cache/reflector.go (800 ms to 30 s, reset after 2 minutes).

import type { Random } from "../core/clock.ts";
import type { ApiError } from "../kubernetes/api-error.ts";
import { equalJitterMs } from "./backoff.ts";

/** A stream that lived so long ends the backoff. */
export const STABLE_MS = 120_000;

/** How long a stream is asked to last, seconds, at random between the two, so that streams do not end together. */
const STREAM_SECONDS = { least: 300, most: 600 };
/** The server ends a stream by itself; if it has not by then, we do. */
const STREAM_GRACE_MS = 30_000;
/** Half of the first ceiling is the shortest delay: 800 ms. */
const BASE_MS = 1_600;
const CAP_MS = 30_000;
/** While nobody answers a try costs nothing, and a server that is back, but not ready yet, must not meet a long backoff. */
const UNREACHABLE_FAILURES = 2;

/** Failures in a row, after one more of this sort. */
export function countedFailures(before: number, error: ApiError | undefined): number {
  const unreachable = error?.kind === "unavailable" && error.status === undefined;
  return unreachable ? Math.min(before + 1, UNREACHABLE_FAILURES) : before + 1;
}

/** `error` undefined: the server ended the stream in order, but early. `failures` counts this one. */
export function watchBackoffMs(failures: number, error: ApiError | undefined, random: Random): number {
  return Math.max(error?.retryAfterMs ?? 0, equalJitterMs(failures, { baseMs: BASE_MS, capMs: CAP_MS }, random));
}

export interface StreamLifetime {
  /** To be asked of the server. */
  readonly timeoutSeconds: number;
  /** When to end the stream ourselves, milliseconds. */
  readonly limitMs: number;
}

export function streamLifetime(random: Random): StreamLifetime {
  const { least, most } = STREAM_SECONDS;
  const timeoutSeconds = least + Math.floor(random() * (most - least + 1));
  return { timeoutSeconds, limitMs: timeoutSeconds * 1000 + STREAM_GRACE_MS };
}
