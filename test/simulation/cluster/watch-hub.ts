// The API server's watches: which streams are open, and what each is to be sent. What becomes of it on the way is the
// network's matter.

import { type Answer, expired, refusal, statusText } from "./answers.ts";
import type { Revision } from "./revision.ts";
import { type Selection, selectionOf } from "./selection.ts";
import type { Change, VirtualCluster } from "./virtual-cluster.ts";

/** Where the lines of one stream go. */
export interface WatchSink {
  /** `change` undefined: a bookmark, an error, or an object that was there before. */
  line(text: string, change: Change | undefined): void;
  /** The server ends the stream in order. */
  end(): void;
}

export interface OpenWatch {
  readonly plural: string;
  /** The server knows nothing of it any more. */
  close(): void;
}

interface Stream extends OpenWatch {
  readonly selection: Selection;
  readonly sink: WatchSink;
}

/** What the server is able to do, and how it says that it forgot. */
export interface HubOptions {
  readonly hasStreamingLists: boolean;
  /** A version that is too old shows as an event of a stream that begins well, or as the status of the answer. */
  readonly saysGoneInStream: () => boolean;
}

const INITIAL_END = { "k8s.io/initial-events-end": "true" };

export class WatchHub {
  readonly #cluster: VirtualCluster;
  readonly #options: HubOptions;
  readonly #streams = new Set<Stream>();
  /** Nobody may resume from this version or one before it, by resource. */
  readonly #floors = new Map<string, number>();

  constructor(cluster: VirtualCluster, options: HubOptions) {
    this.#cluster = cluster;
    this.#options = options;
    cluster.onChange((change) => {
      for (const stream of this.#streams) if (stream.plural === change.ref.plural) send(stream, change);
    });
  }

  /** An answer: there is no stream. */
  open(path: string, accept: string | undefined, sink: WatchSink): Answer | OpenWatch {
    const selection = selectionOf(path, accept);
    const { ref, query } = selection;
    const isInitial = query.get("sendInitialEvents") === "true";
    if (isInitial && !this.#options.hasStreamingLists)
      return refusal({ status: 422, reason: "Invalid", field: "sendInitialEvents" });
    const version = query.get("resourceVersion") ?? "";
    const missed = version === "" || isInitial ? [] : this.#changesAfter(ref.plural, Number(version));
    if (missed === undefined && !this.#options.saysGoneInStream()) return refusal(expired);
    const stream: Stream = { plural: ref.plural, selection, sink, close: () => void this.#streams.delete(stream) };
    if (missed === undefined) {
      sink.line(`{"type":"ERROR","object":${statusText(expired.status, expired.reason)}}`, undefined);
      sink.end();
    } else this.#begin(stream, missed, { isPresent: version === "" || isInitial, isInitial });
    return stream;
  }

  #begin(
    stream: Stream,
    missed: readonly Change[],
    { isPresent, isInitial }: { readonly isPresent: boolean; readonly isInitial: boolean },
  ): void {
    this.#streams.add(stream);
    if (isPresent) this.#sendPresent(stream);
    if (isInitial) this.#sendBookmark(stream, INITIAL_END);
    for (const change of missed) send(stream, change);
  }

  /** The stream's server forgets what it had: whoever had this stream has to list anew. */
  forgetHistory(plural: string): void {
    this.#floors.set(plural, this.#cluster.version);
    this.#cluster.skipVersion();
  }

  sendBookmarks(): void {
    for (const stream of this.#streams) {
      if (stream.selection.query.get("allowWatchBookmarks") === "true") this.#sendBookmark(stream, {});
    }
  }

  #changesAfter(plural: string, version: number): readonly Change[] | undefined {
    if (version <= (this.#floors.get(plural) ?? 0)) return undefined;
    return this.#cluster.changesSince(plural, version);
  }

  #sendPresent({ plural, selection, sink }: Stream): void {
    for (const revision of this.#cluster.list(plural)) {
      if (selection.matches(revision)) sink.line(lineOf("ADDED", selection, revision), undefined);
    }
  }

  #sendBookmark({ sink }: Stream, annotations: Readonly<Record<string, string>>): void {
    const metadata = { resourceVersion: String(this.#cluster.version), annotations };
    sink.line(
      JSON.stringify({ type: "BOOKMARK", object: { kind: "Bookmark", apiVersion: "v1", metadata } }),
      undefined,
    );
  }
}

/** To who selects by label, an object comes and goes with its label. */
function send({ selection, sink }: Stream, change: Change): void {
  const { previous, current, shown } = change;
  const [was, is] = [selection.matches(previous), selection.matches(current)];
  if (!was && !is) return;
  sink.line(lineOf(is ? (was ? "MODIFIED" : "ADDED") : "DELETED", selection, shown), change);
}

export function lineOf(type: string, selection: Selection, revision: Revision): string {
  return `{"type":"${type}","object":${selection.textOf(revision)}}`;
}
