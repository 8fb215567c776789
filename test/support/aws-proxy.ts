// An HTTP server between the provider and moto: it passes requests on, until a test has it refuse a secret, end keys, or
// answer in moto's place. moto judges permissions by action only, and takes no key back.

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { listOf, recordOf, textOf } from "../../src/core/unknown.ts";
import { Arrivals } from "./arrivals.ts";
import { ServerTraffic } from "./server-traffic.ts";
import { awsError } from "./stub-secrets.ts";
import { respond, type StubFault } from "./stub-vault.ts";

interface Asked {
  /** Such as GetSecretValue or AssumeRoleWithWebIdentity; empty: no call of an API. */
  readonly action: string;
  readonly accessKeyId: string | undefined;
  readonly one: string | undefined;
  readonly batch: readonly string[];
}

interface Refusal {
  readonly code: string;
  /** Undefined: of every action. */
  readonly action: string | undefined;
}

const BATCH = "BatchGetSecretValue";

export class AwsProxy {
  /** What happens instead of an answer, by name of a secret; a batch that asks for it is met too, unless refused. */
  readonly faults = new Map<string, StubFault>();
  refusesLogins = false;
  readonly arrivals = new Arrivals();
  readonly traffic: ServerTraffic;
  readonly #refused = new Map<string, Refusal>();
  readonly #usedKeys = new Set<string>();
  readonly #endedKeys = new Set<string>();
  readonly #actions: string[] = [];
  readonly #target: string;
  readonly #server: http.Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
    this.traffic = new ServerTraffic(this.#server);
  }

  static async start(target: string): Promise<AwsProxy> {
    const proxy = new AwsProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get address(): string {
    const address: AddressInfo | string | null = this.#server.address();
    return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  }

  /** The secret is answered with this code, alone or as an entry of a batch. */
  refuse(secret: string, code: string, action?: string): void {
    this.#refused.set(secret, { code, action });
  }

  /** All keys that were used so far count no more. */
  endKeys(): void {
    for (const id of this.#usedKeys) this.#endedKeys.add(id);
  }

  heal(): void {
    this.faults.clear();
    this.#refused.clear();
  }

  count(action: string): number {
    return this.#actions.filter((asked) => asked === action).length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    const asked = whatIsAsked(request, body);
    this.#actions.push(asked.action);
    this.arrivals.tell([...asked.batch, ...(asked.one === undefined ? [] : [asked.one])]);
    const instead = this.#insteadOf(asked);
    if (instead !== undefined) {
      instead(response);
      return;
    }
    if (asked.accessKeyId !== undefined) this.#usedKeys.add(asked.accessKeyId);
    const { method, headers } = request;
    const onward = http.request(new URL(request.url ?? "/", this.#target), { method, agent: false, headers });
    onward.on("response", (answer) => {
      const refused = asked.batch.filter((name) => this.#refused.has(name));
      if (refused.length > 0) {
        void this.#refuseIn(answer, refused, response);
        return;
      }
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    onward.end(body);
  }

  /** Undefined: it is passed on. */
  #insteadOf({ action, accessKeyId, one, batch }: Asked): StubFault | undefined {
    if (this.refusesLogins && action.startsWith("AssumeRole")) return respond(awsError("AccessDenied", 403));
    if (this.#endedKeys.has(accessKeyId ?? "")) return respond(awsError("UnrecognizedClientException"));
    const named = [one ?? "", ...batch.filter((name) => !this.#refused.has(name))];
    return named.map((name) => this.faults.get(name)).find(Boolean) ?? this.#refusalOf(one ?? "", action);
  }

  #refusalOf(name: string, action: string): StubFault | undefined {
    const refusal = this.#refused.get(name);
    const isMeant = refusal !== undefined && (refusal.action ?? action) === action;
    return isMeant ? respond(awsError(refusal.code)) : undefined;
  }

  /** As AWS does it: in a batch each secret is judged by itself. */
  async #refuseIn(
    answer: http.IncomingMessage,
    refused: readonly string[],
    response: http.ServerResponse,
  ): Promise<void> {
    const document = documentIn(await buffer(answer));
    const SecretValues = listOf(document["SecretValues"]).filter(
      (value) => !refused.includes(textOf(recordOf(value)["Name"]) ?? ""),
    );
    const Errors = refused.map((SecretId) => ({ SecretId, ErrorCode: this.#refused.get(SecretId)?.code, Message: "" }));
    respond({ status: 200, body: { SecretValues, Errors } })(response);
  }
}

function whatIsAsked({ headers }: http.IncomingMessage, body: Buffer): Asked {
  const document = documentIn(body);
  const target = textOf(headers["x-amz-target"])?.split(".").at(-1);
  const action = target ?? new URLSearchParams(body.toString("utf8")).get("Action") ?? "";
  return {
    action,
    accessKeyId: /Credential=([^/]+)\//.exec(headers.authorization ?? "")?.[1],
    one: textOf(document["SecretId"]),
    batch: action === BATCH ? listOf(document["SecretIdList"]).flatMap((id) => textOf(id) ?? []) : [],
  };
}

function documentIn(body: Buffer): Readonly<Record<string, unknown>> {
  const text = body.toString("utf8");
  return text.startsWith("{") ? recordOf(JSON.parse(text)) : {};
}
