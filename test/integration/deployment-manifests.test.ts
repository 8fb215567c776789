// config/ on the real API server: kustomize renders it, the API server takes every object without a warning, and the
// operator's pod passes the restricted Pod Security profile where it is enforced.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Document, parseAllDocuments } from "yaml";
import { isRecord, type JsonRecord, textAt, valueAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";

const NAMESPACE = "manifests-test";
const root = join(import.meta.dirname, "../..");
const { api, kubectl } = rigForSuite();

/** The rendered objects, moved to a namespace of our own: the shipped one belongs to the operator under test. */
async function rendered(folder: string): Promise<readonly JsonRecord[]> {
  const text = await kubectl(["kustomize", join(root, "config", folder)]);
  return parseAllDocuments(text.replaceAll(/\b(fairlead-system|team-a)\b/g, NAMESPACE))
    .map(plainOf)
    .filter(isRecord);
}

function plainOf(document: Document): unknown {
  const plain: unknown = document.toJS();
  return plain;
}

beforeAll(async () => {
  await kubectl(["apply", "-f", join(root, "crds")]);
  await kubectl(["wait", "--for=condition=established", "--timeout=30s", "-f", join(root, "crds")]);
  const namespace = (await rendered("manager")).find(({ kind }) => kind === "Namespace");
  await ok(api.post("/api/v1/namespaces", namespace));
  // Pods are refused until the ServiceAccount that they name exists.
  await ok(api.post(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: "fairlead" } }));
});

afterAll(async () => {
  await ok(api.delete(`/api/v1/namespaces/${NAMESPACE}`));
});

test.each(["default", "samples"])("config/%s is taken without a warning", async (folder) => {
  const objects = JSON.stringify({ apiVersion: "v1", kind: "List", items: await rendered(folder) });
  const args = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors", "-f", "-"];
  const answer = await kubectl(args, { stdin: objects });
  expect(
    answer
      .trim()
      .split("\n")
      .every((line) => line.endsWith("serverside-applied (server dry run)")),
  ).toBe(true);
});

test("the operator's pod passes the restricted profile", async () => {
  const deployment = (await rendered("manager")).find(({ kind }) => kind === "Deployment");
  const pod = { metadata: { name: "fairlead" }, spec: valueAt(deployment, "spec", "template", "spec") };
  const reply = await api.post(`/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All&fieldValidation=Strict`, pod);
  expect({ status: reply.status, warning: reply.headers["warning"] }).toEqual({ status: 201, warning: undefined });
});

test("a pod that is less than restricted is refused there", async () => {
  const pod = { metadata: { name: "other" }, spec: { containers: [{ name: "other", image: "other" }] } };
  const reply = await api.post(`/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`, pod);
  expect(reply.status).toBe(403);
  expect(textAt(reply.body, "message")).toContain('violates PodSecurity "restricted:latest"');
});

test.each([
  { component: "monitoring", kind: "ServiceMonitor" },
  { component: "monitoring", kind: "PrometheusRule" },
  { component: "token-request", kind: "ClusterRoleBinding" },
  { component: "flow-control", kind: "FlowSchema" },
])("the component $component renders a $kind", async ({ component, kind }) => {
  const text = await kubectl(["kustomize", join(root, "config/components", component)]);
  expect(text).toContain(`kind: ${kind}`);
});
