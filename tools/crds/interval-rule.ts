// The CEL form of parseIntervalMs (src/core/spec/duration.ts).

import { DURATION_PATTERN, INTERVAL_RANGE } from "../../src/core/spec/rules.ts";
import { celText } from "./cel.ts";

/** True for "0" and for durations of zero or within INTERVAL_RANGE. `matches()` guards each `duration()`: it throws on other texts. */
export function intervalRule(text: string): string {
  const within = `duration(${text}) >= duration('${INTERVAL_RANGE.min}') && duration(${text}) <= duration('${INTERVAL_RANGE.max}')`;
  return `${text} == '0' || (${text}.matches(${celText(DURATION_PATTERN)}) && (duration(${text}) == duration('0s') || (${within})))`;
}
