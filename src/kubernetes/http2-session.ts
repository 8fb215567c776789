// One HTTP/2 connection that carries watch streams. Pings find a peer that went silent while TCP still acknowledges
// (a middlebox that swallows data); then the connection is destroyed and every stream on it ends at once.

import { type ClientHttp2Session, connect, constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { CancelTimer, Clock } from "../core/clock.ts";
import type { TransportFailure } from "./api-error.ts";
import { retryAfterMs } from "./http-exchange.ts";
import { createStreamReader, type StreamEnd, type StreamHandlers, type StreamRequest } from "./stream.ts";

/** Pause between pings, and time for the answer: together they bound how late a silent peer is found. */
export interface PingTimes {
  readonly everyMs: number;
  readonly answerWithinMs: number;
}

export interface Http2Session {
  /** Takes another stream now; not any more once the server said GOAWAY. */
  readonly usable: boolean;
  /** Must be `usable`. Resolves when the stream has ended, for whatever reason. */
  open(request: StreamRequest, handlers: StreamHandlers, signal: AbortSignal): Promise<StreamEnd>;
}

/** kube-apiserver allows 100 streams (its default since CVE-2023-44487); a few stay free. */
const MAX_STREAMS = 90;
/** Flow control windows, so that a burst of events is not paced by round trips. */
const STREAM_WINDOW_BYTES = 1 << 20;
const SESSION_WINDOW_BYTES = 1 << 22;
/** If the answer timer itself fires so late, we were not running: the answer may be waiting unread. */
const LATE_TIMER_MS = 500;

export interface Http2SessionOptions {
  readonly clock: Clock;
  readonly pings: PingTimes;
  readonly onClose: () => void;
  /** A ping was not answered in time. */
  readonly onSilent: () => void;
}

/** The session closes itself when its last stream ends. */
export function createHttp2Session(socket: TLSSocket, origin: string, options: Http2SessionOptions): Http2Session {
  const streams = new Set<StreamHandlers>();
  let failure: TransportFailure = "reset";
  const session = connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
  });
  const stopPings = startPings(session, options, {
    answered: () => {
      for (const handlers of streams) handlers.alive();
    },
    unanswered: () => {
      failure = "pingTimeout";
      session.destroy();
      options.onSilent();
    },
  });
  session.once("connect", () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
  session.once("close", () => {
    stopPings();
    options.onClose();
  });
  session.on("error", ignore);

  return {
    get usable() {
      const limit = Math.min(MAX_STREAMS, session.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS);
      return !session.closed && !session.destroyed && streams.size < limit;
    },
    async open(request, handlers, signal) {
      streams.add(handlers);
      const end = await follow(session, { request, handlers }, signal);
      streams.delete(handlers);
      if (streams.size === 0) session.close();
      return end ?? { kind: "failed", failure };
    },
  };
}

/** An error of the session ends every stream, and each reports its own end. */
function ignore(): void {}

interface Stream {
  readonly request: StreamRequest;
  readonly handlers: StreamHandlers;
}

/** Undefined: cut, or given up by `signal`. */
function follow(
  session: ClientHttp2Session,
  { request, handlers }: Stream,
  signal: AbortSignal,
): Promise<StreamEnd | undefined> {
  return new Promise((resolve) => {
    const reader = createStreamReader(handlers);
    const stream = session.request(
      { ":method": "GET", ":path": request.path, ...request.headers },
      { endStream: true },
    );
    let whole = false;
    const giveUp = (): void => {
      resolve(undefined);
      stream.removeAllListeners("data").close(constants.NGHTTP2_CANCEL);
    };
    stream.on("response", (headers) => reader.head(headers[":status"] ?? 0, retryAfterMs(headers)));
    stream.on("data", (chunk: Buffer) => reader.data(chunk));
    // A destroyed session ends its streams as if the server had.
    stream.on("end", () => (whole = !session.destroyed));
    stream.on("error", () => (whole = false));
    stream.once("close", () => {
      signal.removeEventListener("abort", giveUp);
      resolve(whole && stream.rstCode === constants.NGHTTP2_NO_ERROR ? reader.end() : undefined);
    });
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}

interface PingOutcome {
  answered(): void;
  unanswered(): void;
}

function startPings(
  session: ClientHttp2Session,
  { clock, pings }: Http2SessionOptions,
  outcome: PingOutcome,
): CancelTimer {
  let cancel: CancelTimer = schedule();
  function schedule(): CancelTimer {
    return clock.setTimer(pings.everyMs, ping);
  }
  function ping(): void {
    // Destroyed, but its "close" is still to come: `session.ping` would throw.
    if (session.destroyed) return;
    awaitAnswer();
    session.ping((error) => {
      if (error !== null || session.destroyed) return;
      outcome.answered();
      cancel();
      cancel = schedule();
    });
  }
  function awaitAnswer(): void {
    const dueMs = clock.monotonicMs() + pings.answerWithinMs;
    cancel = clock.setTimer(pings.answerWithinMs, () => {
      if (clock.monotonicMs() - dueMs > LATE_TIMER_MS) awaitAnswer();
      else outcome.unanswered();
    });
  }
  return () => cancel();
}
