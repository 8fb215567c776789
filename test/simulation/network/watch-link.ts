// The way of watch streams between the API server and one process: each arrives in order, and as late as the network
// likes. A stream may be cut, fall silent, or end in the middle of a line.

import type { StreamEnd, StreamHandlers, StreamRequest } from "../../../src/kubernetes/stream.ts";
import type { WatchTransport } from "../../../src/kubernetes/watch-transport.ts";
import type { Answer } from "../cluster/answers.ts";
import { parsePath } from "../cluster/object-path.ts";
import type { OpenWatch } from "../cluster/watch-hub.ts";
import { isUnreachable, type LinkParts } from "./call-link.ts";
import type { StreamPiece } from "./interference.ts";
import { connectMs, transitMs } from "./latency.ts";

/** Pings find a silent peer within so long (rest-client.ts: every 4 s, an answer within 4 s). */
export const SILENCE_FOUND_MS = 8_000;

export interface WatchLinkParts extends LinkParts {
  /** Pings were not answered. */
  readonly onSilent: () => void;
}

export class WatchLink implements WatchTransport {
  readonly #parts: WatchLinkParts;
  readonly #streams = new Set<LinkStream>();
  #frozenUntilMs = 0;

  constructor(parts: WatchLinkParts) {
    this.#parts = parts;
  }

  /** How many streams the process believes in. */
  get size(): number {
    return this.#streams.size;
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.abort();
  }

  /** The server has no news before that time; nothing is lost either. */
  freeze(untilMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs);
  }

  /** Streams of the resource (undefined: all) break; silently, so that only pings find out, or at once. */
  cut(plural: string | undefined, isSilent: boolean): number {
    const hit = [...this.#streams].filter((stream) => plural === undefined || stream.plural === plural);
    for (const stream of hit) stream.cut(isSilent);
    return hit.length;
  }

  /** The server ends streams of the resource in order. */
  end(plural: string): number {
    const hit = [...this.#streams].filter((stream) => stream.plural === plural);
    for (const stream of hit) stream.finish({ kind: "ended" });
    return hit.length;
  }

  open(request: StreamRequest, handlers: StreamHandlers, signal: AbortSignal): Promise<StreamEnd> {
    return new Promise((resolve) => {
      const abort = (): void => stream.abort();
      const stream = new LinkStream(this.#parts, {
        request,
        handlers,
        frozenUntilMs: () => this.#frozenUntilMs,
        onEnd: (end) => {
          if (end.kind === "failed" && end.failure === "pingTimeout") this.#parts.onSilent();
          this.#streams.delete(stream);
          signal.removeEventListener("abort", abort);
          resolve(end);
        },
      });
      this.#streams.add(stream);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted || !this.#parts.process.isAlive) abort();
      else stream.start();
    });
  }
}

interface StreamParts {
  readonly request: StreamRequest;
  readonly handlers: StreamHandlers;
  readonly frozenUntilMs: () => number;
  readonly onEnd: (end: StreamEnd) => void;
}

type Item = { readonly kind: "opened" } | StreamPiece | { readonly kind: "end"; readonly end: StreamEnd };

interface OnTheWay {
  readonly item: Item;
  readonly atMs: number;
}

class LinkStream {
  readonly plural: string;
  readonly #parts: LinkParts;
  readonly #stream: StreamParts;
  #items: OnTheWay[] = [];
  #lastAtMs = 0;
  #watch: OpenWatch | undefined;
  #isCut = false;
  #isOver = false;

  constructor(parts: LinkParts, stream: StreamParts) {
    this.#parts = parts;
    this.#stream = stream;
    this.plural = parsePath(stream.request.path.split("?")[0] ?? "").plural;
  }

  start(): void {
    const { time, dice, process } = this.#parts;
    time.after(connectMs(dice), () => process.deliver(() => this.#depart()));
  }

  abort(): void {
    this.#watch?.close();
    this.#conclude({ kind: "failed", failure: "reset" });
  }

  cut(isSilent: boolean): void {
    this.#watch?.close();
    if (this.#isCut) return;
    this.#isCut = true;
    this.#items = [];
    this.#lastAtMs = 0;
    const failure = isSilent ? "pingTimeout" : "reset";
    this.#send({ kind: "end", end: { kind: "failed", failure } }, isSilent ? SILENCE_FOUND_MS : 0);
  }

  finish(end: StreamEnd): void {
    this.#watch?.close();
    this.#send({ kind: "end", end });
  }

  #depart(): void {
    if (this.#isOver) return;
    const { time, dice, interferer, server, replica, life } = this.#parts;
    const interference = interferer.onRequest({
      ...{ replica, life, method: "GET", plural: this.plural, name: "", writesFor: "" },
      ...{ isStatus: false, isList: false, isLaterPage: false, isWatch: true },
    });
    if (isUnreachable(server, interference)) {
      this.finish({ kind: "failed", failure: "connect" });
      return;
    }
    if (interference?.kind === "lost") {
      this.cut(interference.resetAfterMs === undefined);
      return;
    }
    if (interference?.kind === "answered") {
      this.#refuse(interference.answer);
      return;
    }
    time.after(transitMs(dice), () => this.#arrive());
  }

  #arrive(): void {
    if (this.#isOver) return;
    const { server, interferer, replica } = this.#parts;
    if (server.isAway) {
      this.finish({ kind: "failed", failure: "connect" });
      return;
    }
    const { path, headers } = this.#stream.request;
    const early: Item[] = [];
    let send = (item: Item): unknown => early.push(item);
    const opened = server.hub.open(path, headers["accept"], {
      line: (text, change) => {
        for (const piece of interferer.onLine({ replica, plural: this.plural, text, change })) send(piece);
      },
      end: () => send({ kind: "end", end: { kind: "ended" } }),
    });
    if ("status" in opened) {
      this.#refuse(opened);
      return;
    }
    this.#watch = opened;
    send = (item) => this.#send(item);
    this.#send({ kind: "opened" });
    for (const item of early) this.#send(item);
  }

  #refuse({ status, retryAfterMs, body }: Answer): void {
    this.#send({ kind: "end", end: { kind: "refused", response: { status, retryAfterMs, body: Buffer.from(body) } } });
  }

  #send(item: Item, afterMs = 0): void {
    const { time, dice, process } = this.#parts;
    const frozenUntilMs = item.kind === "line" ? this.#stream.frozenUntilMs() : 0;
    this.#lastAtMs = Math.max(time.nowMs + transitMs(dice), frozenUntilMs, this.#lastAtMs) + afterMs;
    this.#items.push({ item, atMs: this.#lastAtMs });
    time.at(this.#lastAtMs, () => process.deliver(() => this.#hear()));
  }

  /** Whatever is first on the way, so that order holds however late the process hears of it. */
  #hear(): void {
    const [first] = this.#items;
    if (this.#isOver || first === undefined || first.atMs > this.#parts.time.nowMs) return;
    this.#items.shift();
    const { handlers } = this.#stream;
    const { item } = first;
    switch (item.kind) {
      case "opened":
        handlers.opened();
        return;
      case "line":
        handlers.data(Buffer.from(`${item.text}\n`));
        return;
      case "fragment":
        handlers.data(Buffer.from(item.text));
        this.cut(false);
        return;
      case "end":
        this.#conclude(item.end);
        return;
    }
  }

  #conclude(end: StreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch?.close();
    this.#stream.onEnd(end);
  }
}
