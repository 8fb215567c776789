// `conversionStrategy`: names of a store as keys of a Secret, which have ASCII letters, digits, `-`, `_` and `.` only.

import type { ConversionStrategy } from "../spec/external-secret.ts";

const LEGAL = /^[-._a-zA-Z0-9]$/;

/** Replaces each character (code point) that no key may have: by `_`, or by `_Uxxxx_` with its number in hex, 4 to 6 digits. */
export function convertKey(name: string, strategy: ConversionStrategy): string {
  return Array.from(name, (character) => (LEGAL.test(character) ? character : substitute[strategy](character))).join(
    "",
  );
}

const substitute: Readonly<Record<ConversionStrategy, (character: string) => string>> = {
  Default: () => "_",
  Unicode: (character) => `_U${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}_`,
};
