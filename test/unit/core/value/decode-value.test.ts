// Decoding as Go does it: the vectors were compared with encoding/base64 of go1.26.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import type { DecodingStrategy } from "../../../../src/core/spec/external-secret.ts";
import { decodeValue } from "../../../../src/core/value/decode-value.ts";

function decoded(text: string | Uint8Array, decodingStrategy: DecodingStrategy): string {
  const value = typeof text === "string" ? SecretValue.ofUtf8(text) : SecretValue.ofBytes(text);
  const result = decodeValue(value, { decodingStrategy, nullBytePolicy: "Ignore" });
  return result.ok ? Buffer.from(result.value.revealBytes()).toString("hex") : result.error;
}

describe("decodeValue", () => {
  test.each([
    ["", ""],
    ["QQ==", "41"],
    ["QUI=", "4142"],
    ["QUJD", "414243"],
    ["QUJDRA==", "41424344"],
    ["QR==", "41"],
    ["QUJ=", "4142"],
    ["QUJD\n", "414243"],
    ["\r\nQUJD", "414243"],
    ["Q\nQ=\r\n=\n", "41"],
    ["AAAA", "000000"],
    ["zZ09", "cd9d3d"],
  ])("%j is base64 of both alphabets", (text, expected) => {
    for (const strategy of ["Base64", "Base64URL", "Auto"] as const) expect(decoded(text, strategy)).toBe(expected);
  });

  test.each([
    ["QQ"],
    ["QQ="],
    ["Q==="],
    ["===="],
    ["="],
    ["=="],
    ["A"],
    ["QUJD="],
    ["QQ==QQ=="],
    ["QUI=QUI="],
    ["=QQQ"],
    ["AA=A"],
    [" QQ=="],
    ["QQ== "],
    ["QQ\t=="],
    ["Q Q=="],
    ["QQ= ="],
    ["QU.D"],
    ["pässword"],
  ])("%j is no base64 of any alphabet", (text) => {
    expect(decoded(text, "Base64")).toBe("notBase64");
    expect(decoded(text, "Base64URL")).toBe("notBase64Url");
    expect(decoded(text, "Auto")).toBe(Buffer.from(text).toString("hex"));
  });

  test("the alphabets differ in two characters", () => {
    expect(decoded("+/+/", "Base64")).toBe("fbffbf");
    expect(decoded("+/+/", "Base64URL")).toBe("notBase64Url");
    expect(decoded("-_-_", "Base64URL")).toBe("fbffbf");
    expect(decoded("-_-_", "Base64")).toBe("notBase64");
    expect(decoded("+_+_", "Auto")).toBe(Buffer.from("+_+_").toString("hex"));
  });

  test("Auto tries the standard alphabet, then the URL-safe one, then takes the value as it is", () => {
    expect(decoded("+/+/", "Auto")).toBe("fbffbf");
    expect(decoded("-_-_", "Auto")).toBe("fbffbf");
    expect(decoded("hunter2!", "Auto")).toBe(Buffer.from("hunter2!").toString("hex"));
  });

  test("Auto corrupts plain text that happens to be base64, as External Secrets Operator does", () => {
    expect(decoded("changeme", "Auto")).not.toBe(Buffer.from("changeme").toString("hex"));
  });

  test("None takes bytes as they are", () => {
    expect(decoded(Uint8Array.of(0, 255), "None")).toBe("00ff");
    expect(decoded("QQ==", "None")).toBe(Buffer.from("QQ==").toString("hex"));
  });

  test("what Node encodes is decoded again, in both alphabets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        const hex = Buffer.from(bytes).toString("hex");
        expect(decoded(text, "Base64")).toBe(hex);
        expect(decoded(text.replaceAll("+", "-").replaceAll("/", "_"), "Base64URL")).toBe(hex);
      }),
    );
  });

  test("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const strategy of ["Base64", "Base64URL"] as const) expect(decoded(bytes, strategy)).toBeTypeOf("string");
        expect(decoded(bytes, "None")).toBe(Buffer.from(bytes).toString("hex"));
      }),
    );
  });
});

describe("nullBytePolicy", () => {
  test.each([
    ["a plain NUL", Uint8Array.of(65, 0, 66), "None", { ok: false, error: "holdsNul" }],
    ["a NUL at the end", Uint8Array.of(65, 0), "None", { ok: false, error: "holdsNul" }],
    ["a NUL that decoding brings out", Buffer.from("AA=="), "Base64", { ok: false, error: "holdsNul" }],
    ["a NUL that Auto brings out", Buffer.from("AA=="), "Auto", { ok: false, error: "holdsNul" }],
    ["no NUL", Buffer.from("AA=="), "None", { ok: true }],
    ["nothing", new Uint8Array(), "None", { ok: true }],
    ["no base64", Uint8Array.of(0), "Base64", { ok: false, error: "notBase64" }],
  ] as const)("Fail looks at the decoded value: %s", (_, bytes, decodingStrategy, expected) => {
    expect(decodeValue(SecretValue.ofBytes(bytes), { decodingStrategy, nullBytePolicy: "Fail" })).toMatchObject(
      expected,
    );
  });

  test("Ignore lets a NUL pass", () => {
    const rules = { decodingStrategy: "None", nullBytePolicy: "Ignore" } as const;
    expect(decodeValue(SecretValue.ofBytes(Uint8Array.of(0)), rules)).toMatchObject({ ok: true });
  });
});
