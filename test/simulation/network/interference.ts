// What may become of a request or of a line of a watch on its way. The fault desk decides, the link carries it out.

import type { Answer } from "../cluster/answers.ts";
import type { Change } from "../cluster/virtual-cluster.ts";

/** A request as far as faults choose by it. */
export interface RequestFacts {
  readonly replica: number;
  /** Of the replica's process. */
  readonly life: number;
  readonly method: string;
  readonly plural: string;
  /** Empty: a collection. */
  readonly name: string;
  readonly isStatus: boolean;
  readonly isList: boolean;
  /** A later page of a list. */
  readonly isLaterPage: boolean;
  readonly isWatch: boolean;
  /** The ExternalSecret for whose sake it writes; empty: it does not say, or does not write. */
  readonly writesFor: string;
}

export type Interference =
  /** There is no connection, and none can be made. */
  | { readonly kind: "unreachable" }
  /** It never arrives. Undefined: nobody ever says so, and its sender waits for its own deadline. */
  | { readonly kind: "lost"; readonly resetAfterMs: number | undefined }
  /** It is carried out, and the answer never comes. */
  | { readonly kind: "answerLost"; readonly resetAfterMs: number | undefined }
  | { readonly kind: "answered"; readonly answer: Answer; readonly isCarriedOut: boolean }
  | { readonly kind: "slow"; readonly thereMs: number; readonly backMs: number };

export interface WatchLine {
  readonly replica: number;
  readonly plural: string;
  readonly text: string;
  /** Undefined: a bookmark, an error, or an object of a list. */
  readonly change: Change | undefined;
}

/** A piece of a stream as it arrives: a whole line, or the beginning of one after which the stream breaks. */
export interface StreamPiece {
  readonly kind: "line" | "fragment";
  readonly text: string;
}

export interface Interferer {
  /** Undefined: all goes well. */
  onRequest(facts: RequestFacts): Interference | undefined;
  /** Its sender waits no more for the call: it was answered, or given up. */
  onFinished(facts: RequestFacts): void;
  /** The server has carried out a write. */
  onWritten(facts: RequestFacts): void;
  /** What arrives instead of the line; usually just the line. */
  onLine(line: WatchLine): readonly StreamPiece[];
}
