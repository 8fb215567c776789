import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createLineSplitter } from "../../../src/kubernetes/line-splitter.ts";

function split(chunks: readonly Buffer[], maxLineBytes = 1_000): { lines: string[]; accepted: boolean[] } {
  const lines: string[] = [];
  const splitter = createLineSplitter(maxLineBytes, (line) => lines.push(line));
  return { lines, accepted: chunks.map((chunk) => splitter.push(chunk)) };
}

describe("createLineSplitter", () => {
  test("yields the same lines however the bytes are cut, also within a character", () => {
    const line = fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat({ max: 9 })), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = 1 + (sizes[i] ?? 2);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const expected = lines.map((text) => Buffer.from(text).toString());
        expect(split(chunks, 1_000_000).lines).toEqual(expected);
      }),
    );
  });

  test("leaves out empty lines and what has no newline yet", () => {
    expect(split([Buffer.from("a\n\n\nb\nc")]).lines).toEqual(["a", "b"]);
  });

  test.each([
    { given: "a line at the limit", chunks: ["12345", "\n"], accepted: [true, true] },
    { given: "a line over the limit in one chunk", chunks: ["123456\n"], accepted: [false] },
    { given: "a line over the limit that never ends", chunks: ["123", "456"], accepted: [true, false] },
    { given: "short lines that are longer together", chunks: ["1234\n1234\n12", "34\n"], accepted: [true, true] },
  ])("$given: $accepted", ({ chunks, accepted }) => {
    const result = split(
      chunks.map((text) => Buffer.from(text)),
      5,
    );
    expect(result.accepted).toEqual(accepted);
  });

  test("keeps no reference into a chunk that its owner reuses", () => {
    const lines: string[] = [];
    const splitter = createLineSplitter(100, (line) => lines.push(line));
    const chunk = Buffer.from("abc");
    splitter.push(chunk);
    chunk.fill("x");
    splitter.push(Buffer.from("\n"));
    expect(lines).toEqual(["abc"]);
  });

  test("copies an event of 1.4 MB that comes byte by byte a few times, not once per byte", () => {
    const line = Buffer.from(`${JSON.stringify({ text: "é".repeat(700_000) })}\n`);
    const allocated = vi.spyOn(Buffer, "allocUnsafe");
    onTestFinished(() => allocated.mockRestore());
    const lines: string[] = [];
    const splitter = createLineSplitter(8 * 1024 * 1024, (text) => lines.push(text));
    for (let at = 0; at < line.length; at += 1) splitter.push(line.subarray(at, at + 1));
    expect(lines).toEqual([line.toString("utf8").trimEnd()]);
    const bytes = allocated.mock.calls.reduce((sum, [size]) => sum + size, 0);
    expect(bytes).toBeLessThan(6 * line.length);
  });
});
