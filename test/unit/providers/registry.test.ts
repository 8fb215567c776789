// Kinds to providers.

import { expect, test } from "vitest";
import { createProvider } from "../../../src/providers/registry.ts";
import { VaultRig } from "../../support/vault-rig.ts";

test("a Vault store gets the Vault provider, and nothing is asked before the first call", async () => {
  const rig = await VaultRig.start();
  const provider = await createProvider(rig.spec(), rig.deps());
  expect(rig.stub.requests).toEqual([]);
  expect((await provider.validate(new AbortController().signal)).ok).toBe(true);
  await provider.close();
  await rig.close();
});
