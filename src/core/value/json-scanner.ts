// The grammar of JSON (RFC 8259), read by recursive descent over bytes that are valid UTF-8. Linear in the length of the
// input; nesting is limited, so that no input can exhaust the stack. Only json-document.ts uses it.

import type { JsonArray, JsonNode, JsonObject, JsonScalar } from "./json-document.ts";
import { BACKSLASH, jsonStringBytes, utf8Text } from "./json-string.ts";

/** Objects and arrays within each other: far above what stores hold, far below what the stack bears. */
export const MAX_JSON_DEPTH = 64;

const END_OF_INPUT = -1;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const whitespace = bytesOf(" \t\n\r");
const escapable = bytesOf('"\\/bfnrt');
const hexDigits = bytesOf("0123456789abcdefABCDEF");
const exponentMarks = bytesOf("eE");

function bytesOf(characters: string): ReadonlySet<number> {
  return new Set(Buffer.from(characters));
}

/** What reads something answers undefined or false when it is not there as it must be. */
export class JsonScanner {
  readonly #bytes: Uint8Array;
  #at = 0;
  #depth = 0;
  #tooDeep = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The one value that the bytes hold; undefined if they hold anything else. */
  wholeValue(): JsonNode | undefined {
    const root = this.#paddedValue();
    return this.#at === this.#bytes.length ? root : undefined;
  }

  /** True if nesting was why a value could not be read. */
  get isTooDeep(): boolean {
    return this.#tooDeep;
  }

  #paddedValue(): JsonNode | undefined {
    this.#skipWhitespace();
    const node = this.#value();
    this.#skipWhitespace();
    return node;
  }

  #value(): JsonNode | undefined {
    switch (this.#bytes[this.#at] ?? END_OF_INPUT) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        return this.#nested();
      case QUOTE:
        return this.#string();
      case LOWER_T:
        return this.#literal("true");
      case LOWER_F:
        return this.#literal("false");
      case LOWER_N:
        return this.#literal("null");
      default:
        return this.#number();
    }
  }

  #nested(): JsonNode | undefined {
    if (this.#depth === MAX_JSON_DEPTH) {
      this.#tooDeep = true;
      return undefined;
    }
    this.#depth += 1;
    const node = this.#bytes[this.#at] === OPEN_BRACE ? this.#object() : this.#array();
    this.#depth -= 1;
    return node;
  }

  #object(): JsonObject | undefined {
    const start = this.#at++;
    const members = new Map<string, JsonNode>();
    this.#skipWhitespace();
    if (this.#take(CLOSE_BRACE)) return { kind: "object", start, end: this.#at, members };
    do {
      this.#skipWhitespace();
      const name = this.#string();
      this.#skipWhitespace();
      if (name === undefined || !this.#take(COLON)) return undefined;
      const value = this.#paddedValue();
      if (value === undefined) return undefined;
      members.set(utf8Text(jsonStringBytes(this.#bytes, name)), value);
    } while (this.#take(COMMA));
    return this.#take(CLOSE_BRACE) ? { kind: "object", start, end: this.#at, members } : undefined;
  }

  #array(): JsonArray | undefined {
    const start = this.#at++;
    const items: JsonNode[] = [];
    this.#skipWhitespace();
    if (this.#take(CLOSE_BRACKET)) return { kind: "array", start, end: this.#at, items };
    do {
      const item = this.#paddedValue();
      if (item === undefined) return undefined;
      items.push(item);
    } while (this.#take(COMMA));
    return this.#take(CLOSE_BRACKET) ? { kind: "array", start, end: this.#at, items } : undefined;
  }

  #string(): JsonScalar | undefined {
    const start = this.#at;
    if (!this.#take(QUOTE)) return undefined;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || byte < SPACE) return undefined;
      this.#at += 1;
      if (byte === QUOTE) return { kind: "string", start, end: this.#at };
      if (byte === BACKSLASH && !this.#escape()) return undefined;
    }
  }

  #escape(): boolean {
    if (this.#takeAny(escapable)) return true;
    if (!this.#take(LOWER_U)) return false;
    for (let digit = 0; digit < 4; digit += 1) if (!this.#takeAny(hexDigits)) return false;
    return true;
  }

  #literal(kind: "true" | "false" | "null"): JsonScalar | undefined {
    const start = this.#at;
    for (let index = 0; index < kind.length; index += 1) if (!this.#take(kind.charCodeAt(index))) return undefined;
    return { kind, start, end: this.#at };
  }

  #number(): JsonScalar | undefined {
    const start = this.#at;
    this.#take(MINUS);
    if (!this.#take(ZERO) && !this.#digits()) return undefined;
    if (this.#take(DOT) && !this.#digits()) return undefined;
    if (this.#takeAny(exponentMarks)) {
      if (!this.#take(PLUS)) this.#take(MINUS);
      if (!this.#digits()) return undefined;
    }
    return { kind: "number", start, end: this.#at };
  }

  #digits(): boolean {
    const start = this.#at;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || byte < ZERO || byte > NINE) return this.#at > start;
      this.#at += 1;
    }
  }

  #skipWhitespace(): void {
    while (this.#takeAny(whitespace));
  }

  #take(expected: number): boolean {
    if (this.#bytes[this.#at] !== expected) return false;
    this.#at += 1;
    return true;
  }

  #takeAny(expected: ReadonlySet<number>): boolean {
    const byte = this.#bytes[this.#at];
    if (byte === undefined || !expected.has(byte)) return false;
    this.#at += 1;
    return true;
  }
}
