// Where Secrets Manager differs from other stores in names: versions are ids, and keys are names without folders.

import type { ContractTraits } from "../contract/contract-rig.ts";
import { StubSecrets } from "./stub-secrets.ts";

export const awsTraits = {
  pin: (n) => `uuid/${StubSecrets.versionId(n)}`,
  display: (n) => StubSecrets.versionId(n),
  previousStage: "AWSPREVIOUS",
  // A disabled KMS key, which DescribeSecret does not need.
  withheld: { value: "disabled", version: undefined },
  leastListRequests: 5,
  oddKeys: ["/leading/slash", "a//b", "../up", "rds!db-1", "a=b+c_d.e@f-g/"],
  hostileKeys: [
    ...["a%2e%2e/b", "a?b", "a#b", "a\nb", "a\\b", "a b", "ä", "", "x".repeat(513), "arn:aws:secretsmanager:x"],
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AbCdEf",
  ],
} as const satisfies ContractTraits;
