// The provider contract, held by the Azure provider against the stand-in of Key Vault and Entra.

import { describeProviderContract, describeProviderFaults } from "../../../contract/provider-contract.ts";
import { createAzureContractRig } from "../../../support/azure-contract.ts";
import { azureTraits } from "../../../support/azure-traits.ts";

describeProviderContract("the Azure provider", createAzureContractRig, azureTraits);
describeProviderFaults("the Azure provider", createAzureContractRig, azureTraits);
