// What the tests of the proxy stand on: a stub of the real server, and a Kubernetes fault proxy before it.

import { onTestFinished } from "vitest";
import { testTls } from "../../support/tls.ts";
import { startKubernetesProxy } from "./fault-proxies.ts";
import type { FaultProxy } from "./proxy-port.ts";
import type { Fault, RequestFacts, Rule } from "./rule.ts";
import { type SeenRequest, startStubUpstream, type StubUpstream } from "./stub-upstream.ts";

export interface Setting {
  readonly upstream: StubUpstream;
  readonly proxy: FaultProxy;
}

export const SECRET = "/api/v1/namespaces/team/secrets/db";
export const SECRETS = "/api/v1/secrets";
export const WATCH = `${SECRETS}?watch=1&resourceVersion=5`;

/** Runs until the test is finished. The stub answers with what it was asked, as JSON. */
export async function start(answer: (request: SeenRequest) => void = echo): Promise<Setting> {
  const upstream = await startStubUpstream(answer);
  const { cert: certificatePem, key: privateKeyPem } = testTls.server;
  const certificate = { caPem: testTls.ca, keys: { certificatePem, privateKeyPem } };
  const proxy = await startKubernetesProxy({ upstream: { server: upstream.server, caPem: testTls.ca }, certificate });
  onTestFinished(() => proxy.close().catch(ignore));
  return { upstream, proxy };
}

export function echo({ method, url, body, response }: SeenRequest): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ method, url, body }));
}

/** Begins an answer that stays open. */
export function beginStream({ response }: SeenRequest): void {
  response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
}

/** Of every request, unless `when` says less. */
export function rule(
  fault: Fault,
  {
    when = () => true,
    ...limits
  }: Partial<Pick<Rule, "from" | "times">> & { when?: (request: RequestFacts) => boolean } = {},
): Rule {
  return { name: fault.kind, when, fault, ...limits };
}

/** A line of a watch. */
export function event(name: string, resourceVersion: number, type = "MODIFIED"): string {
  return `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: String(resourceVersion) } } })}\n`;
}

/** A test that breaks a rule looks at it itself. */
function ignore(): void {}

/** A promise, and what resolves it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise, open: () => resolve(undefined) };
}
