// What the contract asks of a store under test: to be written to, to misbehave for one key, and to tell what it was
// asked. One rig per test, with a provider that has logged in by ordinary credentials.

import type { ProviderErrorKind } from "../../src/core/provider/error.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";

export type ContractFault =
  "throttled" | "failing" | "badGateway" | "silent" | "html" | "cut" | "empty" | "emptyObject" | "redirect";

/** Retry-After of the fault `throttled`. */
export const THROTTLED_SECONDS = 7;

export interface ContractRig {
  readonly provider: SecretProvider;
  /** Writes a new current version that holds these properties. */
  put(key: string, properties: Readonly<Record<string, string>>): Promise<void>;
  /** Writes bytes as the store takes them. Returns the key to read, and what is to arrive. */
  putBinary(bytes: Uint8Array): Promise<{ readonly key: string; readonly payload: Uint8Array }>;
  tag(key: string, tags: Readonly<Record<string, string>>): Promise<void>;
  softDelete(key: string): Promise<void>;
  /** Keeps the current version, and gives its value out no more: Vault destroys it, others disable it or its key. */
  withhold(key: string): Promise<void>;
  /** The login goes on to work, this key is denied. */
  deny(key: string): Promise<void>;
  /** Ends all tokens; logins are accepted. */
  endTokens(): Promise<void>;
  /** Ends all tokens and refuses logins, until `acceptLogins`. */
  refuseLogins(): Promise<void>;
  acceptLogins(): Promise<void>;
  /** Logins that reached the store so far. */
  logins(): number;
  /** Logins that begin from now on wait for `release`. */
  readonly loginGate: { hold(): void; release(): void };
  /** Tokens of the provider that are valid now; undefined where the store takes none back. */
  readonly liveTokens: (() => Promise<number>) | undefined;
  inject(key: string, fault: ContractFault): Promise<void>;
  heal(): Promise<void>;
  /** Resolves when a request for the key is at the store. */
  arrival(key: string): Promise<void>;
  /** Lets the provider's own deadline for one request pass. */
  passDeadline(): Promise<void>;
  /** Requests that followed the redirect. */
  redirected(): number;
  /** What went over the provider's sockets to the store so far. */
  traffic(): { readonly requests: number; readonly answerBytes: number };
  /** Resolves when the store was asked so many times in all. */
  reached(requests: number): Promise<void>;
  /** Resolves when no socket of the provider is open, at the store or at its login. */
  socketsEnded(): Promise<void>;
  close(): Promise<void>;
}

/** Where stores differ in names only. */
export interface ContractTraits {
  /** How the store writes a key of this suite; default: as it is. */
  readonly key?: (path: string) => string;
  /** How the n-th version of a key is pinned; default: its number. */
  readonly pin?: (n: number) => string;
  /** How it is shown; undefined where there are none. Default: its number. */
  readonly display?: (n: number) => string | undefined;
  /** Name of the version before the current one, where versions have such names. */
  readonly previousStage?: string;
  /** Of a version that was withheld, when it is read, and when its version is checked (undefined: like any other). */
  readonly withheld: { readonly value: ProviderErrorKind; readonly version: ProviderErrorKind | undefined };
  /** Requests that a complete list of 500 keys takes at least. */
  readonly leastListRequests: number;
  /** Keys with characters that are rare, all of which this store takes. */
  readonly oddKeys?: readonly string[];
  /** Keys that could lead elsewhere, or that this store can have none of. */
  readonly hostileKeys?: readonly string[];
  /** A secret without any property cannot be written. */
  readonly refusesEmptyDocuments?: boolean;
  /** Names have no slashes. */
  readonly isFlat?: boolean;
}

/** The rig, for keys as the store writes them. */
export function renamed(rig: ContractRig, named: (key: string) => string): ContractRig {
  return {
    ...rig,
    put: (key, properties) => rig.put(named(key), properties),
    tag: (key, tags) => rig.tag(named(key), tags),
    softDelete: (key) => rig.softDelete(named(key)),
    withhold: (key) => rig.withhold(named(key)),
    deny: (key) => rig.deny(named(key)),
    inject: (key, fault) => rig.inject(named(key), fault),
    arrival: (key) => rig.arrival(named(key)),
  };
}

/** A step of a rig that takes no time. */
export function act(step: () => unknown): Promise<void> {
  step();
  return Promise.resolve();
}
