import fc from "fast-check";
import { expect, test } from "vitest";
import { createJsonPacker } from "../../../src/core/packed-json.ts";

const sample = { kind: "ExternalSecret", metadata: { name: "database", namespace: "team" } };

test("any document comes back as it was, also one that is nothing like the sample", () => {
  const packer = createJsonPacker<unknown>(sample);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (document) => {
      expect(packer.unpack(packer.pack(document))).toEqual(JSON.parse(JSON.stringify(document)));
    }),
  );
});

test.each(["Größe ☃ 𝄞", "\u0000\ud800", "__proto__", "x".repeat(100_000)])("a text comes back as it was", (text) => {
  const packer = createJsonPacker<unknown>(sample);
  const document: unknown = JSON.parse(JSON.stringify({ [text]: text }));
  expect(packer.unpack(packer.pack(document))).toEqual(document);
});

test("what the sample says as well costs next to nothing, and every character fits one byte", () => {
  const packed = createJsonPacker(sample).pack({ ...sample, metadata: { name: "database", namespace: "other" } });
  expect(packed.length).toBeLessThan(25);
  expect(Array.from(packed).every((character) => character.charCodeAt(0) < 256)).toBe(true);
});
