// The way of calls between one process and the API server. A request that was sent arrives even if its sender is dead
// by then, and what comes back is heard only by who still listens.

import { ok, failed, type Result } from "../../../src/core/result.ts";
import type { TransportFailure } from "../../../src/kubernetes/api-error.ts";
import type { CallTransport } from "../../../src/kubernetes/call-transport.ts";
import type { HttpFailure, HttpRequest, HttpResponse } from "../../../src/kubernetes/http-exchange.ts";
import type { Dice } from "../chance.ts";
import { type Answer, refusal } from "../cluster/answers.ts";
import { parsePath } from "../cluster/object-path.ts";
import type { Author } from "../cluster/virtual-cluster.ts";
import type { VirtualProcess } from "../virtual-process.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { ApiServer } from "./api-server.ts";
import type { Interference, Interferer, RequestFacts } from "./interference.ts";
import { connectMs, transitMs } from "./latency.ts";

export interface LinkParts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly process: VirtualProcess;
  readonly server: ApiServer;
  readonly interferer: Interferer;
  readonly replica: number;
  readonly life: number;
}

type Outcome = Result<HttpResponse, HttpFailure>;

export class CallLink implements CallTransport {
  readonly #parts: LinkParts;
  #inFlight = 0;
  #sent = 0;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests sent so far. */
  get sent(): number {
    return this.#sent;
  }

  dropIdle(): void {
    // Connections are not modelled.
  }

  close(): void {
    // Nor is their end.
  }

  send(request: HttpRequest, _: unknown, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const exchange = new Exchange(this.#parts, request, (outcome) => {
        this.#inFlight -= 1;
        resolve(outcome);
      });
      this.#inFlight += 1;
      this.#sent += 1;
      signal.addEventListener("abort", () => exchange.giveUp(), { once: true });
      if (signal.aborted) exchange.giveUp();
      else exchange.start();
    });
  }
}

/** One request and its answer. */
class Exchange {
  readonly #parts: LinkParts;
  readonly #request: HttpRequest;
  readonly #settle: (outcome: Outcome) => void;
  #sent = false;
  #isSettled = false;

  constructor(parts: LinkParts, request: HttpRequest, settle: (outcome: Outcome) => void) {
    this.#parts = parts;
    this.#request = request;
    this.#settle = settle;
  }

  /** It may have to wait for a connection before its bytes leave. */
  start(): void {
    const waitMs = connectMs(this.#parts.dice);
    if (waitMs === 0) this.#depart();
    else this.#later(waitMs, () => this.#depart());
  }

  giveUp(): void {
    this.#finish(failed({ failure: "reset", sent: this.#sent }));
  }

  #depart(): void {
    if (this.#isSettled) return;
    if (this.#request.maySend?.() === false) return this.#fail("withheld");
    const { time, dice, interferer, server } = this.#parts;
    const interference = interferer.onRequest(factsOf(this.#parts.replica, this.#request));
    if (server.isAway) return this.#later(dice.between(1, 5), () => this.#fail("connect"));
    this.#sent = true;
    const sentAtMs = time.nowMs;
    if (interference?.kind === "lost") return this.#lose(interference.resetAfterMs);
    const thereMs = interference?.kind === "slow" ? interference.thereMs : transitMs(dice);
    time.after(thereMs, () => this.#arrive(sentAtMs, interference));
  }

  #arrive(sentAtMs: number, interference: Interference | undefined): void {
    const { dice, server } = this.#parts;
    if (server.isAway) return this.#lose(dice.between(1, 50));
    const isCarriedOut = interference?.kind !== "answered" || interference.isCarriedOut;
    const real = isCarriedOut ? this.#answer(sentAtMs) : refusal({ status: 500, reason: "InternalError" });
    if (interference?.kind === "answerLost") return this.#lose(interference.resetAfterMs);
    const answer = interference?.kind === "answered" ? interference.answer : real;
    const backMs = interference?.kind === "slow" ? interference.backMs : transitMs(dice);
    this.#later(backMs, () => this.#finish(ok(responseOf(answer))));
  }

  #answer(sentAtMs: number): Answer {
    const { server, replica, life } = this.#parts;
    const { method, path, headers, body } = this.#request;
    const author = (manager: string): Author => ({ kind: "operator", replica, life, sentAtMs, manager });
    return server.api.answer({ method, path, accept: headers["accept"], body }, author);
  }

  #lose(resetAfterMs: number | undefined): void {
    // Else it hangs until its sender's deadline.
    if (resetAfterMs !== undefined) this.#later(resetAfterMs, () => this.#fail("reset"));
  }

  #fail(failure: TransportFailure): void {
    this.#finish(failed({ failure, sent: this.#sent }));
  }

  #later(delayMs: number, hear: () => void): void {
    const { time, process } = this.#parts;
    time.after(delayMs, () => process.deliver(hear));
  }

  #finish(outcome: Outcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#settle(outcome);
  }
}

function responseOf({ status, retryAfterMs, body }: Answer): HttpResponse {
  return { status, retryAfterMs, body: Buffer.from(body) };
}

function factsOf(replica: number, { method, path }: HttpRequest): RequestFacts {
  const [plain = "", search = ""] = path.split("?");
  const { plural, name, subresource } = parsePath(plain);
  return {
    replica,
    method,
    plural,
    name,
    isStatus: subresource === "status",
    isList: method === "GET" && name === "",
    isLaterPage: search.includes("continue="),
    isWatch: false,
  };
}
