// What a fault proxy does to a request, and to which: a rule matches requests, picks which of the matches it strikes,
// and names the fault. Plain data and small functions; the proxies interpret them.

/** One HTTP request as a rule sees it. */
export interface RequestFacts {
  readonly method: string;
  /** Path without query; for Vault without `/v1/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Kubernetes only: get, list, watch, create, update, patch, delete; empty for Vault. */
  readonly verb: string;
  /** Kubernetes only: plural, such as `secrets`; empty where the path names none. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: Buffer;
}

/** One line of a watch stream, parsed as far as needed; `raw` is sent as it is, with its newline. */
export interface WatchFrame {
  /** ADDED, MODIFIED, DELETED, BOOKMARK, ERROR. */
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly raw: Buffer;
}

/** A watch that is open, for rules that do something to it of their own accord. Also a key for what they keep of it. */
export interface OpenWatch {
  readonly request: RequestFacts;
  /** Sends bytes between two frames, as they are. Nothing happens once the watch has ended. */
  send(...bytes: readonly Buffer[]): void;
  /** Ends it: in order, or cut off. */
  end(how: "orderly" | "cut"): void;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: Buffer | string | object;
}

/** `before`: the server never sees the request. `after`: the server has answered, the client has not heard it. */
export type Position = "before" | "after";

export type Fault =
  /** Answered in the server's place. */
  | { readonly kind: "answer"; readonly answer: Answer | ((request: RequestFacts) => Answer) }
  | { readonly kind: "delay"; readonly at: Position; readonly delayMs: number }
  /** Waits until the promise resolves: a test decides when it goes on. A client that goes away meanwhile ends it too. */
  | { readonly kind: "hold"; readonly at: Position; readonly until: (request: RequestFacts) => Promise<void> }
  /** Resets the connection (over HTTP/2: its stream, the others go on). `after` is the ambiguous write: committed, never answered. */
  | { readonly kind: "cut"; readonly at: Position }
  /** Never answers, and keeps the connection open. */
  | { readonly kind: "silence"; readonly at: Position }
  /** The real answer, cut off after so many bytes of its body. */
  | { readonly kind: "cutBody"; readonly afterBytes: number }
  /** The real answer with another body (and status, headers where given). */
  | {
      readonly kind: "rewrite";
      readonly answer: (real: { readonly status: number; readonly body: Buffer }, request: RequestFacts) => Answer;
    }
  /** The real answer in pieces of so many bytes, with a pause between them. */
  | { readonly kind: "trickle"; readonly pieceBytes: number; readonly pauseMs: number }
  /**
   * Watches only, those that are open when the rule is added too: called for each frame in order; what it returns is
   * sent in its place (none, several). Frames that it keeps it may send later by itself.
   */
  | { readonly kind: "frames"; readonly pass: (frame: WatchFrame, watch: OpenWatch) => readonly Buffer[] }
  /**
   * Watches only, those that are open when the rule is added too: after so many further frames the tail is sent, then
   * the stream is cut (a tail inside of JSON or of a character), or ended in order.
   */
  | { readonly kind: "endStream"; readonly afterFrames: number; readonly tail?: Buffer; readonly orderly?: boolean }
  /**
   * Kubernetes only: an apiserver that is stuck in the past. Lists (and streaming lists) are answered as they were at
   * this resourceVersion, watches show nothing after it, those that are open too, until the promise resolves: then they
   * show what they kept back. GETs of single objects are live, as they are on a real apiserver that lags. The server
   * must still have that revision (etcd is compacted every 5 minutes).
   */
  | { readonly kind: "frozen"; readonly resourceVersion: string; readonly until: Promise<void> };

export interface Rule {
  /** For the table of what fired. */
  readonly name: string;
  readonly when: (request: RequestFacts) => boolean;
  /** The first match that it strikes, from 1. Default 1. For `frames`, `endStream` and `frozen` a match is a watch. */
  readonly from?: number;
  /** How many matches it strikes. Default: all. */
  readonly times?: number;
  readonly fault: Fault;
}

/** A rule in force. */
export interface ActiveRule {
  readonly name: string;
  /**
   * Requests that met its condition, and how many of them it struck (for `frames`: frames changed or left out; for
   * `frozen`: also frames kept back). A request that an earlier rule decided is no match. A strike counts when it is done.
   */
  readonly matched: number;
  readonly fired: number;
  /** Resolves when it has struck so often. */
  firedTimes(count: number): Promise<void>;
  /** Ends it; what it holds or silences goes on being held until the connection ends. */
  remove(): void;
}
