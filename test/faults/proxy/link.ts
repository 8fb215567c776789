// The TCP layer of a fault proxy, below TLS: it relays bytes between a client and the proxy's own TLS server, and can go
// silent (nothing passes, the kernel still acknowledges) or down. TLS and HTTP/2 above it notice nothing of their own.

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { LinkMode } from "./proxy-port.ts";

export interface Link {
  readonly port: number;
  /** Connections accepted so far, those that were reset at once too. */
  readonly connections: number;
  set(mode: LinkMode): void;
  /** Resets the client's connection that arrives at the inner server from this port. */
  reset(innerPort: number | undefined): void;
  resetAll(): void;
  close(): Promise<void>;
}

/** One client's connection; the inner one exists as soon as bytes may pass. */
interface Pair {
  readonly outer: Socket;
  inner: Socket | undefined;
}

const LOOPBACK = "127.0.0.1";

export async function startLink(innerServerPort: number): Promise<Link> {
  const pairs = new Set<Pair>();
  let mode: LinkMode = "open";
  let connections = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (outer) => {
    connections += 1;
    outer.on("error", ignore);
    if (mode === "down") {
      outer.resetAndDestroy();
      return;
    }
    const pair: Pair = { outer, inner: undefined };
    pairs.add(pair);
    outer.once("close", () => {
      pairs.delete(pair);
      pair.inner?.destroy();
    });
    if (mode === "open") openPair(pair, innerServerPort);
  });
  await listen(server);
  const reset = (pair: Pair): void => void pair.outer.resetAndDestroy();
  const resetAll = (): void => pairs.forEach(reset);
  return {
    port: portOf(server),
    get connections() {
      return connections;
    },
    set(next) {
      mode = next;
      if (next === "down") resetAll();
      else for (const pair of pairs) (next === "open" ? openPair : silencePair)(pair, innerServerPort);
    },
    reset(innerPort) {
      for (const pair of pairs) if (pair.inner?.localPort === innerPort) reset(pair);
    },
    resetAll,
    async close() {
      const closed = once(server, "close");
      server.close();
      resetAll();
      await closed;
    },
  };
}

/** Lets bytes pass, those that waited first. */
function openPair(pair: Pair, innerServerPort: number): void {
  const { outer } = pair;
  if (pair.inner === undefined) {
    const inner = connect({ host: LOOPBACK, port: innerServerPort, allowHalfOpen: true, noDelay: true });
    inner.on("error", ignore);
    // An end in order has passed by then; anything else is a cut.
    inner.once("close", () => outer.destroy());
    pair.inner = inner;
  }
  outer.unpipe().pipe(pair.inner);
  pair.inner.unpipe().pipe(outer);
}

/** Nobody reads any more: the kernel's buffers take what comes, ends and resets included. */
function silencePair({ outer, inner }: Pair): void {
  outer.unpipe().pause();
  inner?.unpipe().pause();
}

export async function listen(server: Server): Promise<void> {
  server.listen(0, LOOPBACK);
  await once(server, "listening");
}

export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address.port;
}

/** The close that follows tells it all. */
function ignore(): void {}
