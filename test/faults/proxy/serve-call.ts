// What becomes of one request: what its plan does to it, before and after the real server has seen it.

import { setTimeout as pause } from "node:timers/promises";
import type { ClientReply, Headers } from "./client-reply.ts";
import { listAtVersion } from "./frozen.ts";
import type { Answer, Position, RequestFacts } from "./rule.ts";
import { type Decision, type Of, type Plan, type Strike, waitsAt } from "./rule-book.ts";
import type { OnwardRequest, RealAnswer, Upstream } from "./upstream.ts";

/** One request, from its arrival to the end of its answer. */
export interface Exchange {
  readonly facts: RequestFacts;
  readonly onward: OnwardRequest;
  readonly reply: ClientReply;
  /** Resolves when the client has gone away. */
  readonly left: Promise<void>;
  readonly plan: Plan;
  readonly upstream: Upstream;
  /** The real server has answered. */
  readonly onServerStatus: (status: number) => void;
  /** A rule strikes, once per call. */
  readonly onStrike: (name: string) => void;
}

/** Statuses that have no content: RFC 9110, sections 15.3.5 and 15.4.5. */
const NO_CONTENT = new Set([204, 304]);

export async function serveCall(exchange: Exchange): Promise<void> {
  if (!(await arrives(exchange))) return;
  const { upstream, reply, plan, facts, onward } = exchange;
  const frozen = decisionOf(plan, "frozen");
  if (frozen !== undefined) strike(exchange, frozen);
  const request = frozen === undefined ? onward : listAtVersion(onward, facts, frozen.fault.resourceVersion);
  const real = await upstream.call(request, reply.gone);
  if (real === undefined) reply.reset();
  else await deliver(exchange, real);
}

/** False where the request goes no further: it was decided, or the client has gone. */
export async function arrives(exchange: Exchange): Promise<boolean> {
  const { plan, reply, facts } = exchange;
  await waitAt(exchange, "before");
  if (reply.gone.aborted) return false;
  const { decision } = plan;
  if (decision === undefined) return true;
  const { fault } = decision;
  if (fault.kind === "answer") {
    strike(exchange, decision);
    sendWhole(reply, answerOf(fault.answer, facts));
    return false;
  }
  return !endsAt(exchange, "before");
}

/** Brings the real answer to the client, unless something befalls it. */
export async function deliver(exchange: Exchange, real: RealAnswer): Promise<void> {
  exchange.onServerStatus(real.status);
  await waitAt(exchange, "after");
  if (exchange.reply.gone.aborted || endsAt(exchange, "after")) return;
  const { reply, plan } = exchange;
  const sender = senderOf(exchange);
  const rewrite = decisionOf(plan, "rewrite");
  if (rewrite !== undefined) {
    strike(exchange, rewrite);
    const answer = rewrite.fault.answer(real, exchange.facts);
    sendWhole(reply, { ...answer, headers: { ...real.headers, ...answer.headers } });
  } else if (sender === undefined) {
    sendWhole(reply, real);
  } else {
    reply.head(real.status, headersOf(real));
    await sender(real.body);
    reply.end();
  }
}

export async function waitAt(exchange: Exchange, at: Position): Promise<void> {
  for (const wait of waitsAt(exchange.plan, at)) {
    strike(exchange, wait);
    const over =
      wait.fault.kind === "delay"
        ? pause(wait.fault.delayMs, undefined, { ref: false })
        : wait.fault.until(exchange.facts);
    await Promise.race([over, exchange.left]);
  }
}

/** A cut or silence at this position; true where there is one. */
export function endsAt(exchange: Exchange, at: Position): boolean {
  const { plan, reply } = exchange;
  const end = decisionOf(plan, "cut") ?? decisionOf(plan, "silence");
  if (end === undefined || end.fault.at !== at) return false;
  strike(exchange, end);
  if (end.fault.kind === "cut") reply.reset();
  return true;
}

/** How a fault that cuts or slows a body sends it; undefined: whole. */
export function senderOf(exchange: Exchange): ((bytes: Buffer) => Promise<void>) | undefined {
  const { plan, reply } = exchange;
  const cutBody = decisionOf(plan, "cutBody");
  if (cutBody !== undefined) {
    let left = cutBody.fault.afterBytes;
    return async (bytes) => {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      await reply.write(passed);
      if (left > 0) return;
      strike(exchange, cutBody);
      reply.breakOff();
    };
  }
  const trickle = decisionOf(plan, "trickle");
  if (trickle === undefined) return undefined;
  return (bytes) => {
    strike(exchange, trickle);
    return trickleBytes(reply, trickle.fault, bytes);
  };
}

async function trickleBytes(reply: ClientReply, { pieceBytes, pauseMs }: Of<"trickle">, bytes: Buffer): Promise<void> {
  for (let start = 0; start < bytes.length && !reply.gone.aborted; start += pieceBytes) {
    await reply.write(bytes.subarray(start, start + pieceBytes));
    if (pauseMs > 0) await pause(pauseMs, undefined, { ref: false });
  }
}

export function strike({ onStrike }: Exchange, rule: Strike): void {
  rule.strike();
  onStrike(rule.name);
}

export function decisionOf<Kind extends Decision["kind"]>(plan: Plan, kind: Kind): Strike<Of<Kind>> | undefined;
export function decisionOf({ decision }: Plan, kind: string): Strike | undefined {
  return decision?.fault.kind === kind ? decision : undefined;
}

function answerOf(answer: Of<"answer">["answer"], facts: RequestFacts): Answer {
  return typeof answer === "function" ? answer(facts) : answer;
}

function sendWhole(reply: ClientReply, answer: AnyAnswer): void {
  const body = bodyOf(answer.body);
  const headers = { "content-type": "application/json", ...answer.headers };
  reply.head(answer.status, headersOf({ ...answer, headers, body }));
  void reply.write(body);
  reply.end();
}

/** Rules name a header once; a real answer may hold several lines of one. */
interface AnyAnswer extends Omit<Answer, "headers"> {
  readonly headers?: Headers | undefined;
}

function bodyOf(body: Answer["body"]): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "object" ? JSON.stringify(body) : (body ?? ""));
}

function headersOf({ status, headers, body }: RealAnswer): Headers {
  return NO_CONTENT.has(status) ? headers : { ...headers, "content-length": String(body.length) };
}
