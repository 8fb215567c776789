// `decodingStrategy` and `nullBytePolicy`. Base64 is read as Go's encoding/base64 reads it: padding is required, line
// breaks are skipped anywhere, unused bits at the end may be set. Nothing is turned into text on the way.

import { failed, ok, type Result } from "../result.ts";
import { SecretValue } from "../secret-value.ts";
import type { ConversionRules, DecodingStrategy } from "../spec/external-secret.ts";
import { ByteWriter } from "./byte-writer.ts";

export type DecodeFailure = "notBase64" | "notBase64Url" | "holdsNul";

/**
 * `Auto` tries standard base64, then URL-safe base64, then takes the value as it is. It corrupts plain text that happens
 * to be valid base64, such as `changeme`: kept for parity with External Secrets Operator, where people rely on it.
 */
export function decodeValue(
  value: SecretValue,
  rules: Pick<ConversionRules, "decodingStrategy" | "nullBytePolicy">,
): Result<SecretValue, DecodeFailure> {
  const decoded = decoders[rules.decodingStrategy](value);
  if (!decoded.ok || rules.nullBytePolicy === "Ignore") return decoded;
  return decoded.value.revealBytes().includes(0) ? failed("holdsNul") : decoded;
}

const decoders: Readonly<Record<DecodingStrategy, (value: SecretValue) => Result<SecretValue, DecodeFailure>>> = {
  None: ok,
  Base64: (value) => orFail(decodedBase64(value, standardAlphabet), "notBase64"),
  Base64URL: (value) => orFail(decodedBase64(value, urlAlphabet), "notBase64Url"),
  Auto: (value) => ok(decodedBase64(value, standardAlphabet) ?? decodedBase64(value, urlAlphabet) ?? value),
};

function orFail(value: SecretValue | undefined, failure: DecodeFailure): Result<SecretValue, DecodeFailure> {
  return value === undefined ? failed(failure) : ok(value);
}

const PADDING = 0x3d;
/** In an alphabet, instead of six bits: the character is skipped; it is none of the alphabet. */
const LINE_BREAK = 0xfe;
const NO_SYMBOL = 0xff;
const shared = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const standardAlphabet = alphabet(`${shared}+/`);
const urlAlphabet = alphabet(`${shared}-_`);

/** Character → its six bits. */
function alphabet(characters: string): Uint8Array {
  const sixBits = new Uint8Array(256).fill(NO_SYMBOL);
  for (const [bits, character] of Buffer.from(characters).entries()) sixBits[character] = bits;
  for (const character of Buffer.from("\r\n")) sixBits[character] = LINE_BREAK;
  return sixBits;
}

/** RFC 4648, sections 4 and 5. Undefined if the value is no base64 of this alphabet. */
function decodedBase64(value: SecretValue, sixBits: Uint8Array): SecretValue | undefined {
  const output = new ByteWriter(value.byteLength);
  let symbols = 0;
  let padding = 0;
  let bits = 0;
  let held = 0;
  for (const character of value.revealBytes()) {
    const next = sixBits[character] ?? NO_SYMBOL;
    if (next === LINE_BREAK) continue;
    symbols += 1;
    if (character === PADDING) padding += 1;
    else if (next === NO_SYMBOL || padding > 0) return undefined;
    else {
      bits = ((bits << 6) | next) & 0xfff;
      held += 6;
      if (held < 8) continue;
      held -= 8;
      output.byte((bits >> held) & 0xff);
    }
  }
  return symbols % 4 === 0 && padding <= 2 ? SecretValue.ofBytes(output.take()) : undefined;
}
