// A fault proxy as one run sees it: what fired is summed up over the scenario's own `clear`s, and no request may carry a
// canary to where it does not belong.

import { createLeakFinder } from "../../testbed/leaks.ts";
import type { FaultProxy } from "../proxy/proxy-port.ts";
import type { RequestFacts } from "../proxy/rule.ts";

export interface WatchedProxy {
  /** For the scenario. */
  readonly proxy: FaultProxy;
  /** Faults that fired so far. */
  fired(): number;
  /** Method and path of requests that held a value of a secret where none may be. */
  leaks(): readonly string[];
}

export function watchProxy(
  proxy: FaultProxy,
  canary: string,
  mayHold: (request: RequestFacts) => boolean,
): WatchedProxy {
  const leaks: string[] = [];
  const find = createLeakFinder(canary);
  let firedBefore = 0;
  // Rules are asked about each request in their order: the first one sees all, and strikes none.
  const inspect = (): void => {
    const look = (request: RequestFacts): boolean => {
      const text = `${request.path}?${request.query.toString()} ${request.body.toString("latin1")}`;
      if (!mayHold(request) && find(text) !== undefined) leaks.push(`${request.method} ${request.path}`);
      return false;
    };
    proxy.add({ name: "inspection", when: look, fault: { kind: "delay", at: "before", delayMs: 0 } });
  };
  const firedSinceClear = (): number => [...proxy.fired().values()].reduce((sum, count) => sum + count, 0);
  inspect();
  return {
    proxy: {
      address: proxy.address,
      caPem: proxy.caPem,
      get connections() {
        return proxy.connections;
      },
      add: proxy.add,
      clear() {
        firedBefore += firedSinceClear();
        proxy.clear();
        inspect();
      },
      setLink: proxy.setLink,
      useCertificate: proxy.useCertificate,
      requests: proxy.requests,
      fired: proxy.fired,
      close: proxy.close,
      [Symbol.asyncDispose]: proxy.close,
    },
    fired: () => firedBefore + firedSinceClear(),
    leaks: () => leaks,
  };
}
