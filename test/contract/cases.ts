// The table of the contract: its cases, the stores it is tried on, and the cells that a store cannot have. What is not
// listed here as absent has to pass.

/** In the order of the table. */
export const contractCases = [
  "found",
  "version pinned",
  "older version",
  "stage",
  "missing",
  "soft-deleted",
  "disabled",
  "denied",
  "unauthenticated, then repaired",
  "throttled with Retry-After",
  "5xx",
  "slow beyond the deadline",
  "aborted",
  "malformed",
  "HTML",
  "redirect refused",
  "empty value",
  "binary",
  "64 KiB value",
  "unicode names",
  "500 keys by find with paging",
  "tags",
  "hostile names",
  "rotation",
  "rotation between two reads of one sync",
  "version check cheaper than a read",
  "one login for 100 parallel reads",
  "close revokes and ends all sockets",
] as const;

export type ContractCase = (typeof contractCases)[number];
export type StoreKind = "kv2" | "kv1" | "azure" | "aws";

export interface ContractStore {
  /** Column of the table. */
  readonly name: string;
  readonly kind: StoreKind;
  /** The project of vitest.config.ts that runs it: `unit` against a stub, `integration` against another's server. */
  readonly project: "unit" | "integration";
}

export const contractStores = {
  kv2Stub: { name: "KV v2, stub", kind: "kv2", project: "unit" },
  kv1Stub: { name: "KV v1, stub", kind: "kv1", project: "unit" },
  azureStub: { name: "Azure, stand-in", kind: "azure", project: "unit" },
  awsStub: { name: "AWS, stub", kind: "aws", project: "unit" },
  kv2: { name: "KV v2, Vault", kind: "kv2", project: "integration" },
  kv1: { name: "KV v1, Vault", kind: "kv1", project: "integration" },
  azure: { name: "Azure, on the rig", kind: "azure", project: "integration" },
  aws: { name: "AWS, moto", kind: "aws", project: "integration" },
} as const satisfies Readonly<Record<string, ContractStore>>;

/** The cells that say n/a, and why: the store has no such thing. Nothing else may be left out. */
export const notApplicable: Readonly<Record<StoreKind, Readonly<Partial<Record<ContractCase, string>>>>> = {
  kv2: { stage: "Vault has no stages" },
  kv1: {
    "version pinned": "KV v1 has no versions",
    "older version": "KV v1 has no versions",
    stage: "Vault has no stages",
    "soft-deleted": "KV v1 has no versions that could be deleted",
    disabled: "KV v1 has no versions that could be destroyed",
    tags: "KV v1 has no metadata",
    "version check cheaper than a read": "KV v1 has no versions",
  },
  azure: { stage: "Key Vault has no stages" },
  aws: {},
};

/** How the suite of a store begins, which is how make test-contract finds it. */
export const SUITE_PREFIX = "contract of ";
