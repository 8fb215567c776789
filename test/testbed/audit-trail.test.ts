// Proves that requests are counted exactly, on the real audit logs of both servers.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { expect, test } from "vitest";
import { createRestClient } from "./rest-client.ts";
import { rigForSuite } from "./rig-for-suite.ts";
import { waitUntil } from "./wait-until.ts";

const rig = rigForSuite();
const calls = [1, 2, 3, 4, 5, 6, 7];

/** Other files use the same rig at the same time: each test counts in a namespace of its own, which need not exist. */
function ownNamespace(): string {
  return `audit-${randomUUID()}`;
}

function openWatch(path: string): Promise<IncomingMessage> {
  const { server, caPem, admin } = rig.handle.kubernetes;
  const credentials = { ca: caPem, cert: admin.certificatePem, key: admin.privateKeyPem };
  return new Promise((resolve, reject) => {
    request(new URL(path, server), credentials, resolve).on("error", reject).end();
  });
}

test("requests between two marks are counted once each, and markers are not counted", async () => {
  const namespace = ownNamespace();
  const from = await rig.audit.kubernetes.mark();
  await Promise.all(calls.map(() => rig.api.get(`/api/v1/namespaces/${namespace}/secrets`)));
  await rig.api.get(`/api/v1/namespaces/${namespace}/secrets/absent`);
  const to = await rig.audit.kubernetes.mark();
  await rig.api.get(`/api/v1/namespaces/${namespace}/secrets`);

  const entries = await rig.audit.kubernetes.between(from, to);
  const mine = entries.filter((entry) => entry.namespace === namespace);
  expect(mine.map((entry) => entry.verb).sort()).toEqual(["get", ...calls.map(() => "list")]);
  expect(mine.find((entry) => entry.verb === "get")).toMatchObject({ name: "absent", code: 404, user: "rig-admin" });
  expect(entries.filter((entry) => entry.name.startsWith("fairlead-mark-"))).toEqual([]);
  expect(await rig.audit.kubernetes.countSince(from, { namespace, resource: "secrets", verb: ["list", "get"] })).toBe(
    9,
  );
});

test("a watch is counted once, while it is open and after its end", async () => {
  const filter = { namespace: ownNamespace(), verb: "watch", resource: "secrets", user: "rig-admin" };
  const from = await rig.audit.kubernetes.mark();
  const watch = await openWatch(`/api/v1/namespaces/${filter.namespace}/secrets?watch=true`);
  expect(await rig.audit.kubernetes.countSince(from, filter)).toBe(1);

  watch.on("error", () => undefined).destroy();

  const isComplete = async (): Promise<true | undefined> => {
    const log = await readFile(rig.handle.kubernetes.auditLogPath, "utf8");
    return log.split("\n").filter((line) => line.includes(filter.namespace)).length === 2 ? true : undefined;
  };
  await waitUntil("the log holds the watch's start and end", isComplete, { timeoutMs: 10_000 });
  expect(await rig.audit.kubernetes.countSince(from, filter)).toBe(1);
});

test("a request with a refused token is counted once, without a user", async () => {
  const { server, caPem } = rig.handle.kubernetes;
  const path = `/api/v1/namespaces/${ownNamespace()}/secrets`;
  const stranger = createRestClient({ origin: server, caPem, headers: { authorization: "Bearer nobody" } });
  const from = await rig.audit.kubernetes.mark();
  expect((await stranger.call({ method: "GET", path })).status).toBe(401);
  stranger.close();
  expect(await rig.audit.kubernetes.countSince(from, { path, code: 401, user: "" })).toBe(1);
});

test("requests of a ServiceAccount and of an impersonated user are told apart", async () => {
  const namespace = ownNamespace();
  const account = await rig.serviceAccountKubeconfig("default", "default");
  const get = ["get", "secrets", `--namespace=${namespace}`];
  const from = await rig.audit.kubernetes.mark();
  await expect(rig.kubectl(get, { kubeconfigPath: account.path })).rejects.toThrow(/forbidden/i);
  await expect(rig.kubectl(get, { as: account.user })).rejects.toThrow(/forbidden/i);

  expect(await rig.audit.kubernetes.countSince(from, { namespace, code: 403, user: account.user })).toBe(1);
  const impersonated = { namespace, code: 403, user: "rig-admin", impersonated: account.user };
  expect(await rig.audit.kubernetes.countSince(from, impersonated)).toBe(1);
});

test("Vault requests are counted by path and operation, with how they ended", async () => {
  const path = `audit/${randomUUID()}`;
  const from = await rig.audit.vault.mark();
  expect(await rig.vault.putSecret("kv", path, { user: "a" })).toBe(1);
  await Promise.all(calls.map(() => rig.vault.read(`kv/data/${path}`)));
  const stranger = rig.vault.withToken("nobody");
  await expect(stranger.read(`kv/data/${path}`)).rejects.toThrow(/403/);
  stranger.close();

  const entries = (await rig.audit.vault.since(from)).filter((entry) => entry.path === `kv/data/${path}`);
  const requests = entries.filter((entry) => entry.type === "request");
  const responses = entries.filter((entry) => entry.type === "response");
  expect(requests.filter((entry) => entry.operation === "read")).toHaveLength(8);
  expect(responses.filter((entry) => entry.operation === "read" && entry.error === "")).toHaveLength(7);
  expect(responses.filter((entry) => entry.error !== "")).toHaveLength(1);
  expect(requests[0]).toMatchObject({ mountType: "kv", displayName: "token", remoteAddress: "127.0.0.1" });
});
