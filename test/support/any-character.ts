// Any Unicode character for fast-check strings, lone surrogates too. (fast-check's own unit "binary" takes seconds to build.)
import fc from "fast-check";

export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(fc.nat(0x7f), fc.nat(0xffff), fc.nat(0x10ffff))
  .map((point) => String.fromCodePoint(point));
