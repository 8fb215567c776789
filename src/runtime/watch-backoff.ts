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
/** While nobody answers at all a try costs nothing, and we want to be back soon after the server is. */
const UNREACHABLE_CAP_MS = 5_000;

/** `error` undefined: the server ended the stream in order, but early. `failures` counts this one. */
export function watchBackoffMs(failures: number, error: ApiError | undefined, random: Random): number {
  const unreachable = error?.kind === "unavailable" && error.status === undefined;
  const range = { baseMs: BASE_MS, capMs: unreachable ? UNREACHABLE_CAP_MS : CAP_MS };
  return Math.max(error?.retryAfterMs ?? 0, equalJitterMs(failures, range, random));
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
