// The provider contract, held by the Azure provider against the stand-in of Key Vault and Entra.

import { contractStores } from "../../../contract/cases.ts";
import { describeProviderContract } from "../../../contract/provider-contract.ts";
import { createAzureContractRig } from "../../../support/azure-contract.ts";
import { azureTraits } from "../../../support/azure-traits.ts";

describeProviderContract(contractStores.azureStub, createAzureContractRig, azureTraits);
