// Where Key Vault differs from other stores in names: versions are 32 hexadecimal digits, and names have no folders.

import type { ContractTraits } from "../contract/provider-contract.ts";

export const azureTraits = {
  key: (path) => path.replaceAll("/", "-"),
  pin: versionId,
  display: versionId,
  oddKeys: ["0", "A-b-9", "x".repeat(127)],
  hostileKeys: [...["../sys", "a%2e%2eb", "a?b", "a#b", "a\nb", "a\\b", "a b", "a_b", "a.b", "ä", "", "x".repeat(128)]],
  notApplicable: {
    destroyedVersions: "a version that is purged is not told apart from one that never was",
    revocableTokens: "access tokens of Entra end by themselves, and cannot be taken back",
    folders: "names have no slashes",
  },
} as const satisfies ContractTraits;

/** What the n-th version of an object is called in the contract's rigs. */
export function versionId(n: number): string {
  return n.toString(16).padStart(32, "0");
}
