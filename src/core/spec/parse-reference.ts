// References of a store to objects of the cluster, as all providers have them. In a SecretStore none may name a namespace.

import type { StoreKind } from "./external-secret.ts";
import type { SpecError } from "./records.ts";
import { ruleMessages } from "./rules.ts";
import type { ObjectKeyRef, ServiceAccountRef } from "./secret-store.ts";

export interface StoreContext {
  readonly storeKind: StoreKind;
  /** What is found wrong is added here. */
  readonly problems: SpecError[];
}

interface KeyRefWire {
  readonly name: string;
  readonly key: string;
  readonly namespace?: string;
}

interface AccountRefWire {
  readonly name: string;
  readonly audiences?: readonly string[];
  readonly namespace?: string;
}

export function parseKeyRef(ref: KeyRefWire, path: string, context: StoreContext): ObjectKeyRef {
  return { name: ref.name, key: ref.key, namespace: parseNamespace(ref.namespace, path, context) };
}

export function parseAccountRef(ref: AccountRefWire, path: string, context: StoreContext): ServiceAccountRef {
  const { name, audiences = [] } = ref;
  return { name, audiences, namespace: parseNamespace(ref.namespace, path, context) };
}

function parseNamespace(namespace: string | undefined, path: string, context: StoreContext): string | undefined {
  if (namespace !== undefined && context.storeKind === "SecretStore") {
    context.problems.push({ path, message: ruleMessages.foreignNamespace });
  }
  return namespace;
}
