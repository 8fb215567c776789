// The provider contract, held by the AWS provider against the stub AWS.

import { contractStores } from "../../../contract/cases.ts";
import { describeProviderContract } from "../../../contract/provider-contract.ts";
import { createStubAwsRig } from "../../../support/aws-contract.ts";
import { awsTraits } from "../../../support/aws-traits.ts";

describeProviderContract(contractStores.awsStub, createStubAwsRig, awsTraits);
