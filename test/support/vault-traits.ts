// Where the two versions of KV differ from other stores: documents, numbers as versions, folders of keys.

import type { ContractTraits } from "../contract/contract-rig.ts";

/** The suite's 500 keys lie in seven folders. */
const FOLDERS = 7;

export const kv2Traits = {
  withheld: { value: "destroyed", version: "destroyed" },
  leastListRequests: 1 + FOLDERS,
} as const satisfies ContractTraits;

export const kv1Traits = {
  ...kv2Traits,
  display: () => undefined,
  // Vault answers "missing data fields".
  refusesEmptyDocuments: true,
} as const satisfies ContractTraits;
