import { expect, test } from "vitest";
import { deferredProvider } from "../../../src/refresh/deferred-provider.ts";
import { FakeProvider } from "../../support/fake-provider.ts";

const signal = AbortSignal.any([]);

test("calls wait until the provider's code is there", async () => {
  const provider = new FakeProvider();
  const loading = Promise.withResolvers<FakeProvider>();
  const deferred = deferredProvider(loading.promise);
  const validated = deferred.validate(signal);
  loading.resolve(provider);
  expect(await validated).toMatchObject({ ok: true });
  await deferred.close();
  expect(provider.closed).toBe(1);
});

test("code that cannot be loaded fails each call, with its cause, and nothing before the first", async () => {
  const cause = new Error("no such chunk");
  const deferred = deferredProvider(Promise.reject(cause));
  for (const call of [deferred.validate(signal), deferred.readSecrets([], signal), deferred.close()])
    await expect(call).rejects.toMatchObject({ cause });
});
