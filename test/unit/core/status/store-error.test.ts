import { expect, test } from "vitest";
import { providerError, type ProviderErrorKind, providerErrorPolicy } from "../../../../src/core/provider/error.ts";
import { externalSecretReason, storeFailure } from "../../../../src/core/status/store-error.ts";

test.each([
  ["invalidConfig", "InvalidProviderConfig", "StoreNotReady"],
  ["mountChanged", "MountChanged", "StoreNotReady"],
  ["unauthenticated", "Unauthenticated", "Unauthenticated"],
  ["accessDenied", "AccessDenied", "AccessDenied"],
  ["throttled", "Throttled", "Throttled"],
  ["unavailable", "Unreachable", "ProviderUnavailable"],
  ["notFound", "Unreachable", "ProviderUnavailable"],
] as const)("a store with %s says %s, its ExternalSecrets say %s", (kind, storeReason, reason) => {
  expect(storeFailure(providerError(kind, "sealed"))).toEqual({
    reason: storeReason,
    message: "sealed",
    stalled: kind === "invalidConfig",
  });
  expect(externalSecretReason(storeReason)).toBe(reason);
});

test("what belongs to the store has the same reason on the way of a read and on the way of a validation", () => {
  const kinds = Object.keys(providerErrorPolicy).filter(
    (kind): kind is ProviderErrorKind => kind in providerErrorPolicy,
  );
  for (const kind of kinds.filter((each) => providerErrorPolicy[each].scope === "store")) {
    expect(externalSecretReason(storeFailure(providerError(kind, "")).reason)).toBe(providerErrorPolicy[kind].reason);
  }
});
