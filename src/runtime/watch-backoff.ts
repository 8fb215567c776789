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
/**
 * While nobody answers, a try costs nothing; and a server that is back refuses at first, because it is not ready or knows
 * no permissions yet. Neither may lead to a wait that outlasts the trouble: 1.6 s and 6.4 s at most. One that says when to
 * come again need not be guessed at: what it says, or 3.2 s.
 */
const UNREACHABLE_FAILURES = 1;
const REFUSED_FAILURES = 3;
const TOLD_FAILURES = 2;

/** Failures in a row, after one more of this sort. Where nobody answers the count begins anew. */
export function countedFailures(before: number, error: ApiError | undefined): number {
  return isUnreachable(error) ? UNREACHABLE_FAILURES : before + 1;
}

/** `error` undefined: the server ended the stream in order, but early. `failures` counts this one. */
export function watchBackoffMs(failures: number, error: ApiError | undefined, random: Random): number {
  const counted = Math.min(failures, mostFailures(error));
  return Math.max(error?.retryAfterMs ?? 0, equalJitterMs(counted, { baseMs: BASE_MS, capMs: CAP_MS }, random));
}

/** What asks for less load, and streams that begin and end again and again, meet the whole backoff. */
function mostFailures(error: ApiError | undefined): number {
  if (isUnreachable(error)) return UNREACHABLE_FAILURES;
  if (error?.retryAfterMs !== undefined) return TOLD_FAILURES;
  const refused = error?.status !== undefined && error.kind !== "throttled" && error.kind !== "gone";
  return refused ? REFUSED_FAILURES : Infinity;
}

/** There was no connection, or nothing behind it (a load balancer without servers); a stream that breaks is another matter. */
function isUnreachable(error: ApiError | undefined): boolean {
  if (error?.kind !== "unavailable" || error.status !== undefined) return false;
  return error.failure !== "reset" && error.failure !== "pingTimeout" && error.failure !== "idleTimeout";
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
