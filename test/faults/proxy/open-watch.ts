// A watch on its way through a proxy: lines come from the server, rules change, keep or add some, the client gets the
// rest, in order. Nothing is kept but an unfinished line, and what rules keep.

import type { IncomingMessage } from "node:http";
import type { ClientReply } from "./client-reply.ts";
import type { OpenWatch, RequestFacts } from "./rule.ts";
import type { StreamFault, Strike } from "./rule-book.ts";
import { createLineCutter, parseFrame, splitLines } from "./watch-frames.ts";
import { stepOf, type WatchStep } from "./watch-steps.ts";

export interface RelayedWatch extends OpenWatch {
  /** Puts a rule to work on what comes from now on, or from the start on. */
  enlist(strike: Strike<StreamFault>): void;
  /** The head was sent: bytes may follow. */
  start(): void;
  /** Passes a real answer on until it ends, the client goes, or a rule ends it. */
  follow(answer: IncomingMessage): Promise<void>;
  /** Passes complete lines on as if the server had sent them. */
  pass(lines: Buffer): Promise<void>;
}

export interface WatchRelay {
  readonly facts: RequestFacts;
  readonly reply: ClientReply;
  readonly onStrike: (name: string) => void;
  /** Brings a piece of the stream to the client: whole, slowly, or up to some byte. */
  readonly sendBytes: (bytes: Buffer) => Promise<void>;
}

export function relayWatch({ facts, reply, onStrike, sendBytes }: WatchRelay): RelayedWatch {
  const steps: WatchStep[] = [];
  let waiting: Strike<StreamFault>[] | undefined = [];
  let sending = Promise.resolve();
  let ended = false;
  let endAfterFrame: "orderly" | "cut" | undefined;
  const send = (...bytes: readonly Buffer[]): void => {
    if (!ended) sending = sending.then(() => sendBytes(Buffer.concat(bytes)));
  };
  const end = (how: "orderly" | "cut"): void => {
    if (ended) return;
    ended = true;
    sending = sending.then(() => (how === "orderly" ? reply.end() : reply.breakOff()));
  };
  const watch: OpenWatch = { request: facts, send, end };
  const enlist = (rule: Strike<StreamFault>): void => {
    if (waiting !== undefined) {
      waiting.push(rule);
      return;
    }
    const strike = (): void => {
      rule.strike();
      onStrike(rule.name);
    };
    steps.push(stepOf({ ...rule, strike }, watch, (how) => (endAfterFrame = how)));
  };
  const pass = async (lines: Buffer): Promise<void> => {
    if (steps.length === 0) send(lines);
    else
      for (const line of splitLines(lines)) {
        send(...through(steps, line));
        if (endAfterFrame !== undefined) end(endAfterFrame);
      }
    await sending;
  };
  return {
    ...watch,
    pass,
    enlist,
    start() {
      const enlisted = waiting ?? [];
      waiting = undefined;
      enlisted.forEach(enlist);
    },
    async follow(answer) {
      const lines = createLineCutter();
      const chunks: AsyncIterable<Buffer> = answer;
      try {
        for await (const chunk of chunks) {
          const complete = lines.push(chunk);
          if (complete !== undefined) await pass(complete);
          if (ended || reply.gone.aborted) return;
        }
        send(lines.rest());
        end("orderly");
      } catch {
        end("cut"); // The server broke off, or the client went away.
      } finally {
        answer.destroy();
      }
    },
  };
}

/** One line through all rules, each of which sees what the one before it has left. */
function through(steps: readonly WatchStep[], line: Buffer): readonly Buffer[] {
  return steps.reduce<readonly Buffer[]>((lines, step) => lines.flatMap((raw) => [...step(parseFrame(raw))]), [line]);
}
