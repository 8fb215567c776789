import { expect, test } from "vitest";
import { kubernetesTarget } from "../proxy/kubernetes-facts.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import { common, describePoint, numbered, storeCallOf, writeOf } from "./crash-point.ts";

function request(method: string, target: string, body: unknown = ""): RequestFacts {
  const { pathname: path, searchParams: query } = new URL(target, "https://server");
  const asked = { method, path, query };
  return { ...asked, ...kubernetesTarget(asked), body: Buffer.from(body === "" ? "" : JSON.stringify(body)) };
}

const NAMESPACE = "/api/v1/namespaces/team";
const ES = "/apis/fairlead.dev/v1/namespaces/team/externalsecrets";

test.each([
  ["POST", `${NAMESPACE}/secrets?fieldManager=x`, { metadata: { name: "r1-one" } }, "create secrets one"],
  ["PATCH", `${NAMESPACE}/secrets/r1-one`, {}, "patch secrets one"],
  ["DELETE", `${NAMESPACE}/secrets/r1-one`, {}, "delete secrets one"],
  ["PATCH", `${ES}/r1-one/status`, {}, "patch externalsecrets/status one"],
  [
    "POST",
    `${NAMESPACE}/events`,
    { metadata: { name: "r1-one.5" }, reason: "SecretSynced", involvedObject: { name: "r1-one" } },
    "create events SecretSynced of one",
  ],
  ["PATCH", `${NAMESPACE}/secrets/r11-one`, {}, undefined],
  ["GET", `${NAMESPACE}/secrets/r1-one`, "", undefined],
  ["POST", `${NAMESPACE}/serviceaccounts/r1-reader/token`, {}, undefined],
])("the write %s %s is known by what it does", (method, target, body, id) => {
  expect(writeOf(request(method, target, body), "r1-")?.id).toBe(id);
});

test.each([
  ["auth/kubernetes/login", "login"],
  ["kv/data/team/r1-one", "read one"],
  ["kv/data/team/r2-one", undefined],
  ["sys/internal/ui/mounts/kv", undefined],
])("the call %s of the store is known by what it does", (path, id) => {
  expect(storeCallOf({ path }, "r1-")?.id).toBe(id);
});

test("calls that do the same are numbered, and only those that all runs made are points", () => {
  const [write, read] = [
    { server: "kubernetes", id: "patch secrets one" },
    { server: "vault", id: "read one" },
  ] as const;
  const points = common([numbered([write, read, write]), numbered([read, read, write])]);
  expect(points.map((point) => describePoint({ ...point, position: "before" }))).toEqual([
    "kubernetes: patch secrets one, before",
    "vault: read one, before",
  ]);
});
