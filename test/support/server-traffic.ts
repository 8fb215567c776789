// What went through an HTTP server of a test: requests, bytes of its answers, and the sockets that are open. Bytes are
// those that the server has handed over so far, heads included. Sockets that idle are left to the client.

import type http from "node:http";
import type { Socket } from "node:net";

export interface Traffic {
  readonly requests: number;
  readonly answerBytes: number;
}

export class ServerTraffic {
  readonly #open = new Set<Socket>();
  /** Those that carry HTTP: of TLS, not what lies below it. */
  readonly #talking = new Set<Socket>();
  #requests = 0;
  #endedBytes = 0;
  #waiting: (() => void)[] = [];
  #expected: { readonly requests: number; readonly resolve: () => void }[] = [];

  constructor(server: http.Server) {
    // Node's own 5 s would end what a client forgets.
    server.keepAliveTimeout = 0;
    server.on("connection", (socket: Socket) => this.#track(socket));
    server.on("request", ({ socket }: http.IncomingMessage) => {
      this.#requests += 1;
      this.#expected = this.#expected.filter(({ requests, resolve }) => {
        if (requests <= this.#requests) resolve();
        return requests > this.#requests;
      });
      if (this.#talking.has(socket)) return;
      this.#talking.add(socket);
      socket.on("close", () => {
        this.#talking.delete(socket);
        this.#endedBytes += socket.bytesWritten;
      });
    });
  }

  /** So far. */
  get seen(): Traffic {
    const open = [...this.#talking].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
    return { requests: this.#requests, answerBytes: this.#endedBytes + open };
  }

  /** Resolves when there were so many requests in all. */
  reached(requests: number): Promise<void> {
    if (this.#requests >= requests) return Promise.resolve();
    return new Promise((resolve) => this.#expected.push({ requests, resolve }));
  }

  /** Resolves when no socket is open. */
  ended(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  #track(socket: Socket): void {
    this.#open.add(socket);
    socket.on("close", () => {
      this.#open.delete(socket);
      if (this.#open.size > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }
}
