// What a fault proxy offers to scenarios, for the Kubernetes API and for a store alike.

import type { KeyPair } from "../../testbed/certificates.ts";
import type { ActiveRule, RequestFacts, Rule } from "./rule.ts";

/** How the connections themselves behave, below TLS. */
export type LinkMode =
  /** Bytes pass. */
  | "open"
  /** Half-open: connections stay, the kernel acknowledges, no byte passes in either direction; new ones are accepted and get the same. */
  | "silent"
  /** Existing connections are reset, new ones are refused (reset on accept). */
  | "down";

export interface LoggedRequest extends Omit<RequestFacts, "body"> {
  /** Rises by one with each request that reached the proxy. */
  readonly order: number;
  /** Status that the server gave; undefined: it never saw the request, or gave none. */
  readonly serverStatus: number | undefined;
  /** Names of the rules that struck it. */
  readonly faults: readonly string[];
}

export interface FaultProxy extends AsyncDisposable {
  /** https://127.0.0.1:port */
  readonly address: string;
  /** Of the authority that its certificate is from. */
  readonly caPem: string;
  /** Rules are tried in the order in which they were added; the first that strikes decides (delays and holds add up). */
  add(rule: Rule): ActiveRule;
  /** Ends all rules and sets the link to open. */
  clear(): void;
  setLink(mode: LinkMode): void;
  /** Shows another certificate from now on; connections that are open are reset. */
  useCertificate(keys: KeyPair): void;
  /** TCP connections accepted so far. */
  readonly connections: number;
  /** Requests so far, complete ones and those in flight. */
  requests(): readonly LoggedRequest[];
  /** What fired since the last `clear`, by rule name; link changes count as `link:silent` and `link:down`. */
  fired(): ReadonlyMap<string, number>;
  /** Throws where a rule has thrown (its request was reset, its frame passed): a mistake of the test must not stay unseen. */
  close(): Promise<void>;
}
