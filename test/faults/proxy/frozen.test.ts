import { expect, test } from "vitest";
import { staleReads } from "./faults.ts";
import type { SeenRequest } from "./stub-upstream.ts";
import { call, clientOf } from "./test-clients.ts";
import { beginStream, event, gate, rule, SECRET, SECRETS, type Setting, start } from "./test-setting.ts";

const LIST = {
  kind: "SecretList",
  apiVersion: "v1",
  metadata: { resourceVersion: "20" },
  items: [{ metadata: { name: "a", resourceVersion: "7" } }],
};

function answer(request: SeenRequest): void {
  if (request.url.includes("watch=")) beginStream(request);
  else request.response.end(JSON.stringify(LIST));
}

async function startFrozen() {
  const { opened, open: release } = gate();
  const setting = await start(answer);
  const frozen = setting.proxy.add(rule(staleReads("20", opened)));
  return { ...setting, frozen, release, client: clientOf("HTTP/2", setting.proxy) };
}

function queryOf({ upstream }: Pick<Setting, "upstream">, index: number): Record<string, string> {
  return Object.fromEntries(new URL(upstream.seen[index]?.url ?? "", "https://server").searchParams);
}

test("lists are asked of the server as they were; a further page is asked as it is", async () => {
  const setting = await startFrozen();
  await call(setting.client, { path: `${SECRETS}?limit=500&labelSelector=x%3Dy` });
  await call(setting.client, { path: `${SECRETS}?limit=500&continue=token` });
  expect(queryOf(setting, 0)).toEqual({
    limit: "500",
    labelSelector: "x=y",
    resourceVersion: "20",
    resourceVersionMatch: "Exact",
  });
  expect(queryOf(setting, 1)).toEqual({ limit: "500", continue: "token" });
  expect(setting.frozen.fired).toBe(2);
});

test("single objects are read live", async () => {
  const setting = await startFrozen();
  await call(setting.client, { path: SECRET });
  expect(queryOf(setting, 0)).toEqual({});
});

test("a watch shows what is not newer, keeps back the rest, and shows it when time goes on", async () => {
  const { client, upstream, frozen, release } = await startFrozen();
  const watch = await client.open({ path: `${SECRETS}?watch=1&resourceVersion=10` });
  const [old, newer, newest] = [event("a", 15), event("a", 21), event("b", 100)];
  upstream.seen[0]?.response.write(old + newer + newest);
  await frozen.firedTimes(2);
  expect(await watch.until((text) => text !== "")).toBe(old);
  release();
  expect(await watch.until((text) => text.includes('"100"'))).toBe(old + newer + newest);
  upstream.seen[0]?.response.write(event("a", 101));
  await watch.until((text) => text.endsWith(event("a", 101)));
});

test("a watch that was open before freezes too, and goes on without a gap when the rule is removed", async () => {
  const { proxy, upstream } = await start(answer);
  const client = clientOf("HTTP/2", proxy);
  const watch = await client.open({ path: `${SECRETS}?watch=1&resourceVersion=10` });
  const frozen = proxy.add(rule(staleReads("20", gate().opened)));
  upstream.seen[0]?.response.write(event("a", 21));
  await frozen.firedTimes(1);
  proxy.clear();
  upstream.seen[0]?.response.write(event("a", 22));
  expect(await watch.until((text) => text.includes('"22"'))).toBe(event("a", 21) + event("a", 22));
});

test.each([
  {
    given: "a streaming list",
    query: "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=x",
    end: 1,
  },
  { given: "a watch without a version", query: "fieldSelector=metadata.name%3Da", end: 0 },
])("$given begins with the objects as they were", async ({ query, end }) => {
  const setting = await startFrozen();
  const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  const asked = { path: `${SECRETS}?watch=1&${query}`, headers: { accept } };
  const watch = await setting.client.open(asked);
  const text = await watch.until((seen) => seen.split("\n").length > 1 + end);
  const [first, last] = text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(first).toEqual({
    type: "ADDED",
    object: { kind: "Secret", apiVersion: "v1", metadata: { name: "a", resourceVersion: "7" } },
  });
  const annotations = { "k8s.io/initial-events-end": "true" };
  const bookmark = {
    type: "BOOKMARK",
    object: { kind: "Secret", apiVersion: "v1", metadata: { resourceVersion: "20", annotations } },
  };
  expect(last).toEqual(end === 1 ? bookmark : undefined);
  expect(queryOf(setting, 0)).toMatchObject({ resourceVersion: "20", resourceVersionMatch: "Exact" });
  expect(setting.upstream.seen[0]?.headers["accept"]).toContain("as=PartialObjectMetadataList;");
  expect(queryOf(setting, 1)).toMatchObject({ watch: "1", resourceVersion: "20" });
  expect(queryOf(setting, 1)).not.toHaveProperty("sendInitialEvents");
});
