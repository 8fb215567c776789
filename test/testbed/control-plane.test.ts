// Proves the behaviours of the control plane that tests of the operator rely on.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { valueAt } from "./json.ts";
import { ok } from "./kubernetes-api.ts";
import { startRig } from "./rig.ts";
import { rigForSuite } from "./rig-for-suite.ts";
import { waitUntil } from "./wait-until.ts";

async function createNamespace(rig: Pick<ReturnType<typeof rigForSuite>, "api">): Promise<string> {
  const name = `control-plane-${randomUUID().slice(0, 8)}`;
  await ok(rig.api.post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  return name;
}

test("the API server ended and started again keeps its address, its data and its audit log", async () => {
  await using rig = await startRig();
  const namespace = await createNamespace(rig);
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await rig.controlPlane.stopApiServer(signal);
    await expect(rig.api.get("/readyz")).rejects.toThrow(/ECONNREFUSED/);
    await rig.controlPlane.startApiServer();
    expect((await rig.api.get(`/api/v1/namespaces/${namespace}`)).status).toBe(200);
  }
  const created = { verb: "create", resource: "namespaces", name: namespace };
  expect(await rig.audit.kubernetes.countSince(rig.audit.kubernetes.start, created)).toBe(1);
});

test("an owner's deletion collects what it owns, and a quota gets its status", async () => {
  const rig = rigForSuite();
  const namespace = await createNamespace(rig);
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const configMap = (metadata: object): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata });
  const owner = await ok(rig.api.post(configMaps, configMap({ name: "owner" })));
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: valueAt(owner, "metadata", "uid") };
  await ok(rig.api.post(configMaps, configMap({ name: "owned", ownerReferences: [reference] })));
  const quota = {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "few" },
    spec: { hard: { secrets: "1" } },
  };
  await ok(rig.api.post(`/api/v1/namespaces/${namespace}/resourcequotas`, quota));

  await ok(rig.api.delete(`${configMaps}/owner`));

  const isCollected = async (): Promise<true | undefined> =>
    (await rig.api.get(`${configMaps}/owned`)).status === 404 ? true : undefined;
  await waitUntil("the owned object is collected", isCollected, { timeoutMs: 30_000 });
  const hasStatus = async (): Promise<unknown> =>
    valueAt(await ok(rig.api.get(`/api/v1/namespaces/${namespace}/resourcequotas/few`)), "status", "hard", "secrets");
  expect(await waitUntil("the quota has a status", hasStatus, { timeoutMs: 30_000 })).toBe("1");
});

test("a deleted namespace goes away", async () => {
  const rig = rigForSuite();
  const namespace = await createNamespace(rig);
  await rig.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  const isGone = async (): Promise<true | undefined> =>
    (await rig.api.get(`/api/v1/namespaces/${namespace}`)).status === 404 ? true : undefined;
  await waitUntil("the namespace is gone", isGone, { timeoutMs: 60_000 });
});

test("two rigs started at once do not collide", async () => {
  const [first, second] = await Promise.all([startRig(), startRig()]);
  try {
    const addresses = [first, second].flatMap((rig) => [rig.controlPlane.server, rig.vault.address]);
    expect(new Set(addresses).size).toBe(4);
    const namespace = await createNamespace(first);
    expect((await second.api.get(`/api/v1/namespaces/${namespace}`)).status).toBe(404);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
});
