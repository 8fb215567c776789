// An HTTP server between the provider and moto: it passes requests on, until a test has it deny a secret, or refuse all
// keys. moto judges permissions by action only, and takes no key back.

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { listOf, recordOf, textOf } from "../../src/core/unknown.ts";
import { awsError } from "./stub-secrets.ts";
import { respond } from "./stub-vault.ts";

export class AwsProxy {
  /** Names of secrets that a policy denies. */
  readonly denied = new Set<string>();
  refusesKeys = false;
  /** What passed through, both ways, bytes of bodies; and what was asked. */
  readonly passed = { requests: 0, answerBytes: 0 };
  readonly #target: string;
  readonly #server: http.Server;

  private constructor(target: string) {
    this.#target = target;
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
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

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (this.refusesKeys) {
      respond(awsError("UnrecognizedClientException"))(response);
      return;
    }
    const asked = secretsIn(body);
    if (this.denied.has(asked.one ?? "")) {
      respond(awsError("AccessDeniedException"))(response);
      return;
    }
    const denied = asked.batch.filter((name) => this.denied.has(name));
    const { method, headers } = request;
    const url = new URL(request.url ?? "/", this.#target);
    const onward = http.request(url, { method, agent: false, headers });
    onward.on("response", (answer) => {
      this.passed.requests += 1;
      answer.on("data", (chunk: Buffer) => (this.passed.answerBytes += chunk.byteLength));
      if (denied.length > 0) return void this.#denyIn(answer, denied, response);
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    onward.end(body);
  }

  /** As AWS does it: in a batch each secret is judged by itself. */
  async #denyIn(answer: http.IncomingMessage, denied: readonly string[], response: http.ServerResponse): Promise<void> {
    const document = documentIn(await buffer(answer));
    const SecretValues = listOf(document["SecretValues"]).filter(
      (value) => !denied.includes(textOf(recordOf(value)["Name"]) ?? ""),
    );
    const Errors = denied.map((SecretId) => ({ SecretId, ErrorCode: "AccessDeniedException", Message: "denied" }));
    respond({ status: 200, body: { SecretValues, Errors } })(response);
  }
}

interface AskedSecrets {
  readonly one: string | undefined;
  readonly batch: readonly string[];
}

function secretsIn(body: Buffer): AskedSecrets {
  const document = documentIn(body);
  return {
    one: textOf(document["SecretId"]),
    batch: listOf(document["SecretIdList"]).flatMap((id) => textOf(id) ?? []),
  };
}

function documentIn(body: Buffer): Readonly<Record<string, unknown>> {
  const text = body.toString("utf8");
  return text.startsWith("{") ? recordOf(JSON.parse(text)) : {};
}
