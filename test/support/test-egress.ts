// The way out of a provider under test: straight to servers on this machine, by TLS, unless a test says otherwise.

import { createEgress, type Egress } from "../../src/providers/http/egress.ts";

export function testEgress(overrides: Partial<Egress> = {}): Egress {
  const egress = createEgress({ env: {}, allowInsecureHttp: false, allowLinkLocal: false });
  if (!egress.ok) throw new Error(egress.error);
  return { ...egress.value, ...overrides };
}
