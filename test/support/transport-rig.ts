// A transport as providers have it, with what a test wants otherwise.

import { createTransport, type Transport, type TransportOptions } from "../../src/providers/http/transport.ts";
import { FakeClock } from "./fake-clock.ts";
import { testEgress } from "./test-egress.ts";

/** May speak plain HTTP; ends when the test says so. */
export function transportWith(options: Partial<TransportOptions> = {}): Transport {
  return createTransport({
    clock: new FakeClock(),
    requestTimeoutMs: 10_000,
    egress: testEgress({ allowInsecureHttp: true }),
    ca: undefined,
    clientCertificate: undefined,
    ...options,
  });
}
