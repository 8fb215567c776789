// Durations as users write them: Go's notation in the units h, m, s, ms, in this order, each at most once, with up to
// three decimals ("1h30m", "0.5s"). The CRDs hold the same pattern, so that the parser and CEL agree on every text.

import { DURATION_PATTERN, INTERVAL_RANGE } from "./rules.ts";

const MICROSECONDS_PER_THOUSANDTH = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const durationPattern = new RegExp(DURATION_PATTERN);

/** Milliseconds, exact to the microsecond; undefined if `text` is no such duration. "0" needs no unit, as in Go. */
export function parseDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  if (text === "" || !durationPattern.test(text)) return undefined;
  let microseconds = 0;
  for (const [, whole = "", fraction = "", unit] of text.matchAll(/([0-9]+)(?:\.([0-9]+))?(ms|h|m|s)/g)) {
    const thousandths = Number(whole) * 1_000 + Number(fraction.padEnd(3, "0"));
    microseconds += thousandths * MICROSECONDS_PER_THOUSANDTH[isUnit(unit) ? unit : "ms"];
  }
  return microseconds / 1_000;
}

/** Milliseconds of an interval: 0, or within INTERVAL_RANGE (rounded to whole ones). Undefined: not an interval. */
export function parseIntervalMs(text: string): number | undefined {
  const ms = parseDurationMs(text);
  return ms === undefined || !isInterval(ms) ? undefined : Math.round(ms);
}

export function isInterval(ms: number): boolean {
  return ms === 0 || (ms >= RANGE_MS.min && ms <= RANGE_MS.max);
}

function isUnit(unit: string | undefined): unit is keyof typeof MICROSECONDS_PER_THOUSANDTH {
  return unit !== undefined && unit in MICROSECONDS_PER_THOUSANDTH;
}

const RANGE_MS = {
  min: parseDurationMs(INTERVAL_RANGE.min) ?? 0,
  max: parseDurationMs(INTERVAL_RANGE.max) ?? 0,
} as const;
