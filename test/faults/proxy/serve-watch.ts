// A watch, from its request to the end of its stream.

import type { IncomingMessage } from "node:http";
import { endToEnd } from "./client-reply.ts";
import { initialFrames, initialList, startsWithObjects, watchFromVersion } from "./frozen.ts";
import { type RelayedWatch, relayWatch } from "./open-watch.ts";
import type { StreamFault, Strike } from "./rule-book.ts";
import { arrives, decisionOf, deliver, endsAt, type Exchange, senderOf, waitAt } from "./serve-call.ts";
import { wholeAnswer } from "./upstream.ts";

/** Who has to know of the watches that are open. */
export interface WatchRegister {
  /** Returns the rules that are in force for it; those that are added later reach it by themselves. */
  opened(watch: RelayedWatch): readonly Strike<StreamFault>[];
  closed(watch: RelayedWatch): void;
}

/** What a watch begins with: bytes of ours, then the real stream. */
interface Source {
  readonly first: Buffer;
  readonly answer: IncomingMessage;
}

export async function serveWatch(exchange: Exchange, register: WatchRegister): Promise<void> {
  if (!(await arrives(exchange))) return;
  const { facts, reply, onStrike } = exchange;
  const watch = relayWatch({ facts, reply, onStrike, sendBytes: senderOf(exchange) ?? reply.write });
  const strikes = register.opened(watch);
  strikes.forEach(watch.enlist);
  try {
    const source = await open(exchange, strikes);
    if (source !== undefined) await follow(exchange, watch, source);
  } finally {
    register.closed(watch);
  }
}

/** Undefined: the client was told already. */
async function open(exchange: Exchange, strikes: readonly Strike<StreamFault>[]): Promise<Source | undefined> {
  const { facts, onward, reply, upstream } = exchange;
  const frozen = strikes.map(({ fault }) => fault).find((fault) => fault.kind === "frozen");
  if (frozen === undefined || !startsWithObjects(facts)) {
    return sourceOf(exchange, Buffer.alloc(0), await upstream.open(onward, reply.gone));
  }
  const version = frozen.resourceVersion;
  const list = await upstream.call(initialList(onward, facts, version), reply.gone);
  if (list?.status !== 200) {
    if (list === undefined) reply.reset();
    else await deliver(exchange, list);
    return undefined;
  }
  const answer = await upstream.open(watchFromVersion(onward, facts, version), reply.gone);
  return sourceOf(exchange, initialFrames(list, facts, version), answer);
}

async function sourceOf(
  exchange: Exchange,
  first: Buffer,
  answer: IncomingMessage | undefined,
): Promise<Source | undefined> {
  if (answer?.statusCode === 200) return { first, answer };
  const refusal = answer === undefined ? undefined : await wholeAnswer(answer);
  if (refusal === undefined) exchange.reply.reset();
  else await deliver(exchange, refusal);
  return undefined;
}

async function follow(exchange: Exchange, watch: RelayedWatch, { first, answer }: Source): Promise<void> {
  const { reply, plan } = exchange;
  answer.on("error", ignore);
  if (decisionOf(plan, "rewrite") !== undefined) {
    answer.destroy();
    await deliver(exchange, { status: 200, headers: endToEnd(answer.headers), body: Buffer.alloc(0) });
    return;
  }
  exchange.onServerStatus(200);
  await waitAt(exchange, "after");
  if (reply.gone.aborted || endsAt(exchange, "after")) {
    answer.destroy();
    return;
  }
  reply.head(200, endToEnd(answer.headers));
  watch.start();
  await watch.pass(first);
  await watch.follow(answer);
}

/** Whoever reads the answer learns of it too. */
function ignore(): void {}
