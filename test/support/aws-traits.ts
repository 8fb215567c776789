// Where Secrets Manager differs from other stores in names: versions are ids, and keys are names without folders.

import type { ContractTraits } from "../contract/provider-contract.ts";
import { StubSecrets } from "./stub-secrets.ts";

export const awsTraits = {
  pin: (n) => `uuid/${StubSecrets.versionId(n)}`,
  display: (n) => StubSecrets.versionId(n),
  oddKeys: ["/leading/slash", "a//b", "../up", "rds!db-1", "a=b+c_d.e@f-g/"],
  hostileKeys: [
    ...["a%2e%2e/b", "a?b", "a#b", "a\nb", "a\\b", "a b", "ä", "", "x".repeat(513), "arn:aws:secretsmanager:x"],
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AbCdEf",
  ],
  notApplicable: {
    destroyedVersions: "a version that is gone is not told apart from one that never was",
    revocableTokens: "keys of a session end by themselves, AWS takes none back",
  },
} as const satisfies ContractTraits;
