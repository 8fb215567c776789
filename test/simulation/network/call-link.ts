// The way of calls between one process and the API server. A request that was sent arrives even if its sender is dead
// by then, and what comes back is heard only by who still listens.

import { ok, failed, type Result } from "../../../src/core/result.ts";
import type { TransportFailure } from "../../../src/kubernetes/api-error.ts";
import type { CallTransport } from "../../../src/kubernetes/call-transport.ts";
import type { HttpFailure, HttpRequest, HttpResponse } from "../../../src/kubernetes/http-exchange.ts";
import type { Dice } from "../chance.ts";
import { type Answer } from "../cluster/answers.ts";
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

/** Writes to a Secret name the ExternalSecret as their field manager (api.md). */
const MANAGER = /fieldManager=fairlead(?:%2F|\/)([^&]+)/;

type Outcome = Result<HttpResponse, HttpFailure>;

export class CallLink implements CallTransport {
  readonly #parts: LinkParts;
  readonly #exchanges = new Set<Exchange>();

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Calls that wait for an answer. */
  get inFlight(): number {
    return this.#exchanges.size;
  }

  dropIdle(): void {
    // Idle connections are not modelled.
  }

  cutSilent(waitedMs: number): void {
    for (const exchange of [...this.#exchanges]) exchange.cutIfWaiting(waitedMs);
  }

  close(): void {
    for (const exchange of [...this.#exchanges]) exchange.giveUp();
  }

  send(request: HttpRequest, _: unknown, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const giveUp = (): void => exchange.giveUp();
      const exchange = new Exchange(this.#parts, request, (outcome) => {
        this.#exchanges.delete(exchange);
        signal.removeEventListener("abort", giveUp);
        resolve(outcome);
      });
      this.#exchanges.add(exchange);
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted || !this.#parts.process.isAlive) giveUp();
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
  #sinceMs = 0;
  #isSettled = false;
  /** Undefined: it has not left. */
  #facts: RequestFacts | undefined;

  constructor(parts: LinkParts, request: HttpRequest, settle: (outcome: Outcome) => void) {
    this.#parts = parts;
    this.#request = request;
    this.#settle = settle;
  }

  /** It may have to wait for a connection before its bytes leave. */
  start(): void {
    this.#later(connectMs(this.#parts.dice), () => this.#depart());
  }

  cutIfWaiting(waitedMs: number): void {
    if (this.#sent && this.#parts.time.nowMs - this.#sinceMs >= waitedMs) this.#fail("reset");
  }

  giveUp(): void {
    this.#finish(failed({ failure: "reset", sent: this.#sent }));
  }

  #depart(): void {
    if (this.#isSettled) return;
    if (this.#request.maySend?.() === false) {
      this.#fail("withheld");
      return;
    }
    const { time, dice, interferer, server } = this.#parts;
    this.#facts = factsOf(this.#parts, this.#request);
    const interference = interferer.onRequest(this.#facts);
    if (isUnreachable(server, interference)) {
      this.#later(dice.between(1, 5), () => this.#fail("connect"));
      return;
    }
    this.#sent = true;
    const sentAtMs = time.nowMs;
    this.#sinceMs = sentAtMs;
    if (interference?.kind === "lost") {
      this.#lose(interference.resetAfterMs);
      return;
    }
    const thereMs = interference?.kind === "slow" ? interference.thereMs : transitMs(dice);
    time.after(thereMs, () => this.#arrive(sentAtMs, interference));
  }

  #arrive(sentAtMs: number, interference: Interference | undefined): void {
    const { dice, server } = this.#parts;
    if (server.isAway) {
      this.#lose(dice.between(1, 50));
      return;
    }
    const answer = this.#answered(sentAtMs, interference);
    if (interference?.kind === "answerLost") {
      this.#lose(interference.resetAfterMs);
      return;
    }
    const backMs = interference?.kind === "slow" ? interference.backMs : transitMs(dice);
    this.#later(backMs, () => this.#finish(ok(responseOf(answer))));
  }

  #answered(sentAtMs: number, interference: Interference | undefined): Answer {
    if (interference?.kind !== "answered") return this.#answer(sentAtMs);
    if (interference.isCarriedOut) this.#answer(sentAtMs);
    return interference.answer;
  }

  #answer(sentAtMs: number): Answer {
    const { server, replica, life, interferer } = this.#parts;
    const { method, path, headers, body } = this.#request;
    const author = (manager: string): Author => ({ kind: "operator", replica, life, sentAtMs, manager });
    const answer = server.api.answer({ method, path, accept: headers["accept"], body }, author);
    if (method !== "GET" && answer.status < 300 && this.#facts !== undefined) interferer.onWritten(this.#facts);
    return answer;
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
    if (this.#facts !== undefined) this.#parts.interferer.onFinished(this.#facts);
    this.#settle(outcome);
  }
}

export function isUnreachable({ isAway }: ApiServer, interference: Interference | undefined): boolean {
  return isAway || interference?.kind === "unreachable";
}

function responseOf({ status, retryAfterMs, body }: Answer): HttpResponse {
  return { status, retryAfterMs, body: Buffer.from(body) };
}

function factsOf({ replica, life }: LinkParts, { method, path }: HttpRequest): RequestFacts {
  const [plain = "", search = ""] = path.split("?");
  const { plural, name, subresource } = parsePath(plain);
  const isStatus = subresource === "status";
  return {
    ...{ replica, life, method, plural, name, isStatus },
    writesFor: method === "GET" ? "" : isStatus ? name : (MANAGER.exec(search)?.[1] ?? ""),
    isList: method === "GET" && name === "",
    isLaterPage: search.includes("continue="),
    isWatch: false,
  };
}
