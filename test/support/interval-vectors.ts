// Texts that are, and are not, a refreshInterval; also as vectors for both kinds of interval fields.

import { ruleMessages } from "../../src/core/spec/rules.ts";
import { ACCEPTED, externalSecret, type SpecVector, secretStore } from "./spec-vector.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Milliseconds by text. */
export const intervals = {
  "0": 0,
  "0s": 0,
  "0h0m0s": 0,
  "0.0s": 0,
  "1s": SECOND_MS,
  "0.5m": MINUTE_MS / 2,
  "1000ms": SECOND_MS,
  "1.5s": 1.5 * SECOND_MS,
  "0.001h": 3.6 * SECOND_MS,
  "1h30m": 1.5 * HOUR_MS,
  "1h0m0s": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "8759h59m60s": 8_760 * HOUR_MS,
  "8760h": 8_760 * HOUR_MS,
  "525600m": 8_760 * HOUR_MS,
  "31536000s": 8_760 * HOUR_MS,
  "31536000000ms": 8_760 * HOUR_MS,
} as const;

export const notIntervals = [
  "soon",
  "1",
  "60",
  "00",
  "-1s",
  "+1s",
  "-0s",
  "1ns",
  "1us",
  "1d",
  "1H",
  "999ms",
  "0.999s",
  "0.016m",
  "8760h1ms",
  "8760h0.001ms",
  "8760.001h",
  "8761h",
  "876000h",
  "99999999999999h",
  "1m1h",
  "1s1s",
  "1h 30m",
  " 1h",
  "1h ",
  "1.s",
  ".5h",
  "1.0001h",
  "1e3s",
  "1h\n",
  "٣h",
] as const;

export const intervalVectors: readonly SpecVector[] = [
  ...Object.keys(intervals).flatMap((text) => vectorsOf(text, [ACCEPTED, ACCEPTED])),
  ...notIntervals.flatMap((text) => vectorsOf(text, [ruleMessages.interval, ruleMessages.storeInterval])),
];

function vectorsOf(text: string, [ofSecret, ofStore]: readonly [string, string]): readonly SpecVector[] {
  const name = `refreshInterval ${JSON.stringify(text)}`;
  return [
    { name: `ExternalSecret with ${name}`, object: externalSecret({ refreshInterval: text }), verdict: ofSecret },
    { name: `SecretStore with ${name}`, object: secretStore({}, { refreshInterval: text }), verdict: ofStore },
  ];
}
