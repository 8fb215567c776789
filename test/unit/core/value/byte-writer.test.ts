// The writer neither drops bytes nor leaves them behind.
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyCharacter } from "../../../support/any-character.ts";
import { ByteWriter } from "../../../../src/core/value/byte-writer.ts";

test("a byte beyond the capacity throws, and is not lost in silence", () => {
  const writer = new ByteWriter(1);
  writer.byte(1);
  expect(() => {
    writer.byte(2);
  }).toThrow(RangeError);
  expect(() => {
    writer.bytes(Uint8Array.of(2));
  }).toThrow(RangeError);
});

test("take gives what was written and starts anew", () => {
  const writer = new ByteWriter(4);
  writer.byte(1);
  writer.bytes(Uint8Array.of(2, 3));
  const first = writer.take();
  writer.byte(9);
  expect([...first]).toEqual([1, 2, 3]);
  expect([...writer.take()]).toEqual([9]);
});

test.each([0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff])(
  "code point %i becomes its UTF-8",
  (point) => {
    const writer = new ByteWriter(4);
    writer.codePoint(point);
    expect([...writer.take()]).toEqual([...Buffer.from(String.fromCodePoint(point))]);
  },
);

test("code points become their UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const wellFormed = text.toWellFormed();
      const writer = new ByteWriter(4 * text.length);
      for (const character of wellFormed) writer.codePoint(character.codePointAt(0) ?? 0);
      expect(Buffer.from(writer.take()).toString()).toBe(wellFormed);
    }),
  );
});
