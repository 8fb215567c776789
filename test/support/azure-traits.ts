// Where Key Vault differs from other stores in names: versions are 32 hexadecimal digits, and names have no folders.

import type { ContractTraits } from "../contract/contract-rig.ts";

export const azureTraits = {
  key: (path) => path.replaceAll("/", "-"),
  pin: versionId,
  display: versionId,
  withheld: { value: "disabled", version: "disabled" },
  leastListRequests: 20,
  oddKeys: ["0", "A-b-9", "x".repeat(127)],
  hostileKeys: [...["../sys", "a%2e%2eb", "a?b", "a#b", "a\nb", "a\\b", "a b", "a_b", "a.b", "ä", "", "x".repeat(128)]],
  isFlat: true,
} as const satisfies ContractTraits;

/** What the n-th version of an object is called in the contract's rigs. */
export function versionId(n: number): string {
  return n.toString(16).padStart(32, "0");
}
