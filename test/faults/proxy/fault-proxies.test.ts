import { expect, onTestFinished, test } from "vitest";
import { testTls } from "../../support/tls.ts";
import { startStoreProxy } from "./fault-proxies.ts";
import { storeError } from "./faults.ts";
import { startStubUpstream } from "./stub-upstream.ts";
import { call, clientOf } from "./test-clients.ts";
import { echo } from "./test-setting.ts";

test("a store proxy has a certificate of its own, and rules see paths as Vault names them", async () => {
  const upstream = await startStubUpstream(echo);
  const proxy = await startStoreProxy({ upstream: { address: upstream.server, caPem: testTls.ca } });
  onTestFinished(() => proxy.close());
  const denied = proxy.add({
    name: "denied",
    when: ({ path, method }) => method === "GET" && path === "kv/data/team/a b",
    fault: storeError(403),
  });
  const client = clientOf("HTTP/1.1", proxy);
  expect(await call(client, { path: "/v1/kv/data/team/a%20b" })).toMatchObject({ status: 403 });
  const passed = await call(client, { path: "/v1/auth/kubernetes/login", method: "PUT", body: '{"role":"team"}' });
  expect(passed).toMatchObject({ status: 200 });
  expect(upstream.seen.map(({ url }) => url)).toEqual(["/v1/auth/kubernetes/login"]);
  expect(proxy.requests()).toMatchObject([
    { path: "kv/data/team/a b", verb: "", resource: "", faults: ["denied"] },
    { path: "auth/kubernetes/login", serverStatus: 200 },
  ]);
  expect(denied.fired).toBe(1);
});
