// The sentences that users read when a store did not give what was asked: what happened, where, and what to do.
// Made from kind, status and our own detail; names of users are shortened, and characters that do not print replaced.

import type { StoreKind, StoreRef } from "../spec/external-secret.ts";
import type { ProviderError, ProviderErrorKind } from "./error.ts";

/** Longest message of a condition or entry, in UTF-16 units. */
export const MAX_MESSAGE_LENGTH = 512;
const MAX_NAME_LENGTH = 200;

/** What was asked, and of whom. */
export interface ProviderEntry {
  /** As people write it, such as `Vault`. */
  readonly providerName: string;
  readonly storeKind: StoreKind;
  readonly store: string;
  /** The remote key, or a `find` in words. */
  readonly key: string;
}

/** One sentence without a full stop, at most 512 characters. */
export function describeProviderError(error: ProviderError, entry: ProviderEntry): string {
  const sentence = sentences[error.kind]({
    store: `${entry.providerName} ${describeStore({ kind: entry.storeKind, name: entry.store })}`,
    key: printable(entry.key),
    status: error.httpStatus === undefined ? "" : ` (HTTP ${error.httpStatus})`,
    detail: error.detail,
  });
  return printable(sentence, MAX_MESSAGE_LENGTH);
}

/** Such as `store vault`. */
export function describeStore({ kind, name }: StoreRef): string {
  return `${kind === "SecretStore" ? "store" : "cluster store"} ${name}`;
}

/** `text` with `�` for what does not print, and `…` for what is too long. */
export function printable(text: string, maxLength = MAX_NAME_LENGTH): string {
  const clean = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

interface Facts {
  /** Begins with the provider's name. */
  readonly store: string;
  readonly key: string;
  /** With a space in front, or empty. */
  readonly status: string;
  readonly detail: string;
}

/** The detail stands where the kind alone does not say what happened. */
const sentences: Readonly<Record<ProviderErrorKind, (facts: Facts) => string>> = {
  notFound: ({ store, key, status }) => `${store} has no ${key}${status}; create it there, or correct the key`,
  versionNotFound: ({ store, key, detail }) =>
    `${store} cannot serve ${key}: ${detail}; pin a version that exists, or none`,
  deleted: ({ store, key, status }) => `${store} holds ${key} as deleted${status}; restore it or write it anew there`,
  destroyed: ({ store, key, status }) =>
    `${store} has destroyed this version of ${key}${status}; write a new one there, or pin another`,
  disabled: ({ store, key, status }) => `${store} has ${key} disabled or not valid now${status}; enable it there`,
  accessDenied: ({ store, key, status }) =>
    `${store} denied access to ${key}${status}; allow the store's login to read it`,
  invalidReference: ({ store, key, detail }) => `${store} cannot serve ${key}: ${detail}; correct the reference`,
  malformedPayload: ({ store, key, detail }) =>
    `${store} holds ${key} in a form that cannot be used: ${detail}; correct it there`,
  unauthenticated: ({ store, detail }) => `login to ${store} failed: ${detail}; correct auth of the store, or its role`,
  throttled: ({ store, key, detail }) =>
    `${store} limits requests, ${key} waits: ${detail}; raise its quota, or refresh less often`,
  unavailable: ({ store, key, detail }) =>
    `${store} cannot serve ${key} now: ${detail}; it is asked again until it answers`,
  invalidConfig: ({ store, detail }) => `${store} is not usable: ${detail}; correct the store's spec`,
  mountChanged: ({ store, detail }) =>
    `${store} leads to another backend than before: ${detail}; correct path and version of the store`,
};
