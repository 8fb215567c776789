// What the probes know of the API server: when it last served us, and when each watch last heard of it. Readiness falls
// while it is away; a restart is asked for only where it serves us and yet one watch is silent, because then the fault
// is ours.

/** One watch, as its informer sees it; monotonic milliseconds, undefined: not yet. */
export interface WatchContact {
  readonly resource: string;
  /** The last event, bookmark, page or answered ping. */
  readonly lastActivityMs: number | undefined;
  /** The last HTTP answer that was an error. */
  readonly lastRefusalMs: number | undefined;
}

export interface ApiContact {
  /** Told of each request: its HTTP status, or `<error>`. */
  answered(code: string): void;
  /** Monotonic time of the last answer 2xx; undefined: none yet. */
  readonly lastServedMs: number | undefined;
}

export function createApiContact(clock: { monotonicMs(): number }): ApiContact {
  let lastServedMs: number | undefined;
  return {
    answered(code) {
      if (code.startsWith("2")) lastServedMs = clock.monotonicMs();
    },
    get lastServedMs() {
      return lastServedMs;
    },
  };
}

/** Faults.md, watch client specification (i). */
const AWAY_MS = 120_000;
const SILENT_MS = 600_000;
/** How fresh the proof must be that the API server serves us. */
const PROOF_MS = 60_000;

/** Why we do not count as ready: nothing is heard of the API server any more. Undefined: it is there, or never was. */
export function awayReason(
  watches: readonly WatchContact[],
  lastServedMs: number | undefined,
  nowMs: number,
): string | undefined {
  const silenceMs = nowMs - newest([lastServedMs, ...watches.map((watch) => watch.lastActivityMs)]);
  return Number.isFinite(silenceMs) && silenceMs > AWAY_MS ? "the API server has been away for two minutes" : undefined;
}

/** Why a restart is due: a watch is dead although the API server serves us otherwise. */
export function silentReason(
  watches: readonly WatchContact[],
  lastServedMs: number | undefined,
  nowMs: number,
): string | undefined {
  const served = newest([lastServedMs, ...watches.map((watch) => watch.lastActivityMs)]);
  if (nowMs - served > PROOF_MS) return undefined;
  const silent = watches.filter(({ lastActivityMs, lastRefusalMs }) => {
    const hasBegun = lastActivityMs !== undefined;
    return hasBegun && nowMs - newest([lastActivityMs, lastRefusalMs]) > SILENT_MS;
  });
  return silent.length === 0
    ? undefined
    : `the watch of ${silent.map(({ resource }) => resource).join(", ")} is silent`;
}

function newest(timesMs: readonly (number | undefined)[]): number {
  return Math.max(Number.NEGATIVE_INFINITY, ...timesMs.map((timeMs) => timeMs ?? Number.NEGATIVE_INFINITY));
}
