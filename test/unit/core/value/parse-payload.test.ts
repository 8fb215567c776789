// Payloads are parsed once per sync.
import { expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { createPayloadParser, parsePayload } from "../../../../src/core/value/parse-payload.ts";

test("a parser remembers a payload, also one that is no JSON", () => {
  const parse = createPayloadParser();
  const document = SecretValue.ofUtf8("{}");
  const text = SecretValue.ofUtf8("text");
  expect(parse(document)).toBe(parse(document));
  expect(parse(text)).toBe(parse(text));
  expect(parse(text)).toEqual({ ok: false, error: "notJson" });
});

test("a parser does not confuse payloads of equal content", () => {
  const parse = createPayloadParser();
  expect(parse(SecretValue.ofUtf8("{}"))).not.toBe(parse(SecretValue.ofUtf8("{}")));
});

test("parsePayload gives the bytes that the nodes are spans of", () => {
  const payload = parsePayload(SecretValue.ofUtf8(" [1]"));
  if (!payload.ok) throw new Error(payload.error);
  const { bytes, root } = payload.value;
  expect(Buffer.from(bytes.subarray(root.start, root.end)).toString()).toBe("[1]");
});
