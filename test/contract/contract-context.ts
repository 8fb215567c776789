// What each case of the contract is given: the rig of its test, and references as this store writes them.

import type { RemoteRef } from "../../src/core/provider/port.ts";
import type { ContractCase } from "./cases.ts";
import type { ContractRig, ContractTraits } from "./contract-rig.ts";

export interface ContractContext {
  readonly rig: ContractRig;
  readonly traits: ContractTraits;
  readonly named: (key: string) => string;
  readonly refTo: (key: string, version?: string) => RemoteRef;
  readonly pin: (n: number) => string;
  readonly display: (n: number) => string | undefined;
  readonly hasVersions: boolean;
}

/** Declares the tests of a case; the context is there once a test runs. */
export type CaseSuite = (context: () => ContractContext, traits: ContractTraits) => void;
export type Cases = Readonly<Record<ContractCase, CaseSuite>>;

const asItIs = (key: string): string => key;

export function contextOf(rig: ContractRig, traits: ContractTraits): ContractContext {
  const { key: named = asItIs, pin = String, display = String } = traits;
  return {
    ...{ rig, traits, named, pin, display },
    refTo: (key, version) => ({ key: named(key), version, metadataPolicy: "None" }),
    hasVersions: display(1) !== undefined,
  };
}
