// The sentences that users read when a store did not give what was asked.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeProviderError, describeStore, printable } from "../../../../src/core/provider/describe.ts";
import { providerError, providerErrorPolicy, type ProviderErrorKind } from "../../../../src/core/provider/error.ts";
import { anyCharacter } from "../../../support/any-character.ts";

const entry = { providerName: "Vault", storeKind: "SecretStore", store: "vault", key: "kv/app/new" } as const;

const sentences = {
  notFound: "Vault store vault has no kv/app/new (HTTP 400); create it there, or correct the key",
  versionNotFound: "Vault store vault cannot serve kv/app/new: a detail; pin a version that exists, or none",
  deleted: "Vault store vault holds kv/app/new as deleted (HTTP 400); restore it or write it anew there",
  destroyed:
    "Vault store vault has destroyed this version of kv/app/new (HTTP 400); write a new one there, or pin another",
  disabled: "Vault store vault has kv/app/new disabled or not valid now (HTTP 400); enable it there",
  accessDenied: "Vault store vault denied access to kv/app/new (HTTP 400); allow the store's login to read it",
  invalidReference: "Vault store vault cannot serve kv/app/new: a detail; correct the reference",
  malformedPayload: "Vault store vault holds kv/app/new in a form that cannot be used: a detail; correct it there",
  unauthenticated: "login to Vault store vault failed: a detail; correct auth of the store, or its role",
  throttled: "Vault store vault limits requests, kv/app/new waits: a detail; raise its quota, or refresh less often",
  unavailable: "Vault store vault cannot serve kv/app/new now: a detail; it is asked again until it answers",
  invalidConfig: "Vault store vault is not usable: a detail; correct the store's spec",
  mountChanged:
    "Vault store vault leads to another backend than before: a detail; correct path and version of the store",
} satisfies Record<ProviderErrorKind, string>;

const kinds = Object.keys(providerErrorPolicy).filter((kind): kind is ProviderErrorKind => kind in sentences);

describe("describeProviderError", () => {
  test.each(kinds)("%s says what happened, where, and what to do", (kind) => {
    expect(describeProviderError(providerError(kind, "a detail", { httpStatus: 400 }), entry)).toBe(sentences[kind]);
  });

  test("says no HTTP status where there was none", () => {
    expect(describeProviderError(providerError("accessDenied", "x"), entry)).toBe(
      "Vault store vault denied access to kv/app/new; allow the store's login to read it",
    );
  });

  test("shortens the key, and leaves the advice", () => {
    const message = describeProviderError(providerError("notFound", ""), { ...entry, key: "k".repeat(201) });
    expect(message).toBe(`Vault store vault has no ${"k".repeat(199)}…; create it there, or correct the key`);
  });

  test("cuts at 512 characters", () => {
    const message = describeProviderError(providerError("unavailable", "d".repeat(600)), entry);
    expect(message).toMatch(/d…$/);
    expect(message.length).toBe(512);
  });

  test("stays within 512 characters and printable, whatever the names and the detail", () => {
    const text = fc.string({ unit: anyCharacter, maxLength: 2000 });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), text, text, text, (kind, detail, store, key) => {
        const message = describeProviderError(providerError(kind, detail, { httpStatus: 500 }), {
          ...entry,
          store,
          key,
        });
        expect(message.length).toBeLessThanOrEqual(512);
        expect(message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("printable", () => {
  test.each([
    ["line breaks and control characters", "a\nb\0c\u007fd\u0085e", "a�b�c�d�e"],
    ["direction marks and zero width characters", "a\u202eb\u200bc", "a�b�c"],
    ["line and paragraph separators", "a\u2028b\u2029c", "a�b�c"],
    ["lone surrogates", "a\ud800b\udc00", "a�b�"],
    ["nothing else", "é 中😀 \"'<>&", "é 中😀 \"'<>&"],
  ])("replaces %s", (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test.each([
    ["abcde", 5, "abcde"],
    ["abcdef", 5, "abcd…"],
    ["abc😀f", 5, "abc…"],
    ["ab😀ef", 5, "ab😀…"],
    ["", 5, ""],
  ])("cuts %j at %i to %j, and no pair in two", (text, length, expected) => {
    expect(printable(text, length)).toBe(expected);
  });

  test("cuts at 200 unless told otherwise", () => {
    expect(printable("x".repeat(200))).toBe("x".repeat(200));
    expect(printable("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
  });
});

describe("describeStore", () => {
  test("tells the two kinds apart", () => {
    expect(describeStore({ kind: "SecretStore", name: "a" })).toBe("store a");
    expect(describeStore({ kind: "ClusterSecretStore", name: "a" })).toBe("cluster store a");
  });
});
