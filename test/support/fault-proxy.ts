// A TLS server between the operator and the real Vault: it passes requests on, until a test has it answer in Vault's
// place, not answer at all, or show another certificate. One store points to it, so nobody else is disturbed.

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { KeyPair } from "../testbed/certificates.ts";
import type { VaultTarget } from "../testbed/vault-admin.ts";
import { Arrivals } from "./arrivals.ts";
import { ServerTraffic } from "./server-traffic.ts";
import type { StubFault } from "./stub-vault.ts";

export class FaultProxy {
  /** What happens instead of passing on, by path below `/v1/`; undefined: nothing. Takes effect with the next request. */
  faultFor: (path: string) => StubFault | undefined = () => undefined;
  /** Requests so far that met a fault. */
  faulted = 0;
  /** Paths below `/v1/` that were asked for, decoded, without query. */
  readonly asked: string[] = [];
  readonly arrivals = new Arrivals();
  readonly traffic: ServerTraffic;
  readonly #target: VaultTarget;
  readonly #server: https.Server;
  readonly #agent: https.Agent;

  private constructor(target: VaultTarget, keys: KeyPair) {
    this.#target = target;
    this.#agent = new https.Agent({ keepAlive: true, ca: target.caPem });
    this.#server = https.createServer(contextOf(keys), (request, response) => this.#serve(request, response));
    this.traffic = new ServerTraffic(this.#server);
  }

  static async start(target: VaultTarget, keys: KeyPair): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, keys);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** https://127.0.0.1:port */
  get address(): string {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy is closed");
    return `https://127.0.0.1:${address.port}`;
  }

  /** Shows another certificate from now on; open connections end. */
  useCertificate(keys: KeyPair): void {
    this.#server.setSecureContext(contextOf(keys));
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    this.#agent.destroy();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").replace(/^\/v1\//, "");
    const decoded = decodeURIComponent(path.replace(/\?.*$/, ""));
    this.asked.push(decoded);
    this.arrivals.tell([decoded]);
    const fault = this.faultFor(path);
    if (fault === undefined) {
      this.#passOn(request, response);
      return;
    }
    this.faulted += 1;
    request.resume();
    fault(response);
  }

  #passOn(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers } = request;
    const url = new URL(request.url ?? "/", this.#target.address);
    const onward = https.request(url, { method, agent: this.#agent, headers: { ...headers, host: url.host } });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }
}

function contextOf({ certificatePem, privateKeyPem }: KeyPair): { cert: string; key: string } {
  return { cert: certificatePem, key: privateKeyPem };
}
