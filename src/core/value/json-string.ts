// JSON strings as bytes, both ways: what stands between the quotes to UTF-8, and UTF-8 to a quoted string.
// Follows Go's encoding/json, because the tools that people come from are written in Go; but nothing is escaped for HTML.

import { ByteWriter } from "./byte-writer.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const SLASH = 0x2f;
export const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const FIRST_SURROGATE = 0xd800;
const FIRST_LOW_SURROGATE = 0xdc00;
const LAST_SURROGATE = 0xdfff;
const FIRST_ASTRAL = 0x10000;
const REPLACEMENT = 0xfffd;
/** Characters of `\uXXXX`. */
const UNICODE_ESCAPE_LENGTH = 6;
const CONTROL_ESCAPE = Buffer.from("\\u00");

/** Byte → letter of its escape, for those that an encoder uses. */
const letterOfByte: ReadonlyMap<number, number> = new Map([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x08, 0x62],
  [0x0c, 0x66],
  [0x0a, 0x6e],
  [0x0d, 0x72],
  [0x09, 0x74],
]);
const byteOfLetter = new Map([...letterOfByte].map(([byte, letter]) => [letter, byte])).set(SLASH, SLASH);

/** Bytes as text. Only for what is no secret. */
export function utf8Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/**
 * UTF-8 of a JSON string that the scanner has found valid, in memory of its own; the span includes the quotes. A surrogate
 * without its partner becomes U+FFFD, as in Go.
 */
export function jsonStringBytes(bytes: Uint8Array, span: { readonly start: number; readonly end: number }): Uint8Array {
  const inside = bytes.subarray(span.start + 1, span.end - 1);
  if (!inside.includes(BACKSLASH)) return new Uint8Array(inside);
  const output = new ByteWriter(inside.length);
  for (let at = 0; at < inside.length;) at = decodeStep(inside, at, output);
  return output.take();
}

/** Decodes what stands at `at`; returns where the next step begins. */
function decodeStep(inside: Uint8Array, at: number, output: ByteWriter): number {
  const byte = inside[at] ?? 0;
  if (byte !== BACKSLASH) {
    output.byte(byte);
    return at + 1;
  }
  const short = byteOfLetter.get(inside[at + 1] ?? 0);
  if (short !== undefined) {
    output.byte(short);
    return at + 2;
  }
  const next = at + UNICODE_ESCAPE_LENGTH;
  const unit = escapedUnit(inside, at) ?? REPLACEMENT;
  const point = pairedCodePoint(unit, escapedUnit(inside, next));
  output.codePoint(point ?? (isSurrogate(unit) ? REPLACEMENT : unit));
  return point === undefined ? next : next + UNICODE_ESCAPE_LENGTH;
}

/** The UTF-16 unit of the `\uXXXX` at `at`; undefined if there is none. */
function escapedUnit(inside: Uint8Array, at: number): number | undefined {
  if (inside[at] !== BACKSLASH || inside[at + 1] !== LOWER_U) return undefined;
  return inside.subarray(at + 2, at + UNICODE_ESCAPE_LENGTH).reduce((unit, digit) => unit * 16 + hexValue(digit), 0);
}

/** 0-9 have the low bits 0 to 9; the letters, in both cases, 1 to 6. */
function hexValue(digit: number): number {
  return (digit & 0x0f) + (digit > 0x39 ? 9 : 0);
}

function isSurrogate(unit: number): boolean {
  return unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE;
}

function pairedCodePoint(high: number, low: number | undefined): number | undefined {
  const isHigh = high >= FIRST_SURROGATE && high < FIRST_LOW_SURROGATE;
  if (!isHigh || low === undefined || low < FIRST_LOW_SURROGATE || low > LAST_SURROGATE) return undefined;
  return FIRST_ASTRAL + (high - FIRST_SURROGATE) * 0x400 + (low - FIRST_LOW_SURROGATE);
}

/** Writes `text` (UTF-8) as a JSON string with its quotes. Only what must be escaped is, in its shortest form. */
export function writeJsonString(text: Uint8Array, output: ByteWriter): void {
  output.byte(QUOTE);
  for (const byte of text) {
    const letter = letterOfByte.get(byte);
    if (letter !== undefined) {
      output.byte(BACKSLASH);
      output.byte(letter);
    } else if (byte < SPACE) {
      output.bytes(CONTROL_ESCAPE);
      output.byte(hexDigit(byte >> 4));
      output.byte(hexDigit(byte & 0x0f));
    } else output.byte(byte);
  }
  output.byte(QUOTE);
}

function hexDigit(value: number): number {
  return value + (value < 10 ? 0x30 : 0x57);
}
