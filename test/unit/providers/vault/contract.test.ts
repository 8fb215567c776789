// The provider contract, held by the Vault provider against the stub Vault, for both versions of KV.

import { contractStores } from "../../../contract/cases.ts";
import { describeProviderContract } from "../../../contract/provider-contract.ts";
import { createStubVaultRig } from "../../../support/vault-contract.ts";
import { kv1Traits, kv2Traits } from "../../../support/vault-traits.ts";

describeProviderContract(contractStores.kv2Stub, () => createStubVaultRig(2), kv2Traits);
describeProviderContract(contractStores.kv1Stub, () => createStubVaultRig(1), kv1Traits);
