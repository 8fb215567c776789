// The one type a secret has, from its first byte to the Secret body. It cannot be printed, logged or serialised by
// accident, and the compiler refuses it where text is expected. Its exits (`toBase64`, `revealUtf8`, `revealBytes`)
// are called from an allow-list of files only: test/architecture/secret-exits.test.ts.

import { timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

declare const base64Brand: unique symbol;
/** Standard base64 of a secret, for a Secret's `data`. Only `SecretValue.toBase64` makes one. */
export type Base64Text = string & { readonly [base64Brand]: "Base64Text" };

const REDACTED = "[redacted]";

export class SecretValue {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Takes the bytes over: the caller must not change them afterwards. */
  static ofBytes(bytes: Uint8Array): SecretValue {
    return new SecretValue(bytes);
  }

  static ofUtf8(text: string): SecretValue {
    return new SecretValue(Buffer.from(text, "utf8"));
  }

  /** Length in bytes. For size limits only, never for status, logs or metrics. */
  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** Compares in time that depends on the lengths only. */
  equals(other: SecretValue): boolean {
    return this.#bytes.byteLength === other.#bytes.byteLength && timingSafeEqual(this.#bytes, other.#bytes);
  }

  /** Exit 1: the Secret body. */
  toBase64(): Base64Text {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength).toString(
      "base64",
    ) as Base64Text;
  }

  /** Exit 2: credentials that a login needs as text. */
  revealUtf8(): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength).toString("utf8");
  }

  /** Exit 3: byte-level selection and decoding, which end in a SecretValue again. Not to be changed by the caller. */
  revealBytes(): Uint8Array {
    return this.#bytes;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
