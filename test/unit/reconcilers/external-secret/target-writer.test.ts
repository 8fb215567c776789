import { describe, expect, test } from "vitest";
import { failed, ok } from "../../../../src/core/result.ts";
import { errorFromStatus } from "../../../../src/kubernetes/api-error.ts";
import { noStatusFacts } from "../../../../src/kubernetes/status-body.ts";
import { recordOf } from "../../../../src/core/unknown.ts";
import type { SecretBody } from "../../../../src/core/sync/secret-body.ts";
import { createTargetWriter } from "../../../../src/reconcilers/external-secret/target-writer.ts";
import type { ApiCall } from "../../../../src/kubernetes/rest-client.ts";
import { FakeCluster, refused } from "../../../support/fake-cluster.ts";

const PATH = "/api/v1/namespaces/team-a/secrets/db";
const NAME = { namespace: "team-a", name: "db" };
const signal = AbortSignal.any([]);

function world() {
  const cluster = new FakeCluster();
  const calls: ApiCall[] = [];
  cluster.intercept = (call) => void calls.push(call);
  return { cluster, calls, writer: createTargetWriter(cluster) };
}

function body(metadata: Readonly<Record<string, unknown>>): SecretBody {
  return { apiVersion: "v1", kind: "Secret", metadata: { namespace: "team-a", name: "db", ...metadata } };
}

function stored(cluster: FakeCluster): { readonly uid: string; readonly resourceVersion: string } {
  const written = cluster.apply(PATH, { metadata: { namespace: "team-a" }, data: {} });
  const metadata = recordOf(written["metadata"]);
  return { uid: String(metadata["uid"]), resourceVersion: String(metadata["resourceVersion"]) };
}

describe("read", () => {
  test("gives the Secret, nothing where there is none, and errors as they are", async () => {
    const { cluster, writer } = world();
    expect(await writer.read(NAME, signal)).toEqual(ok(undefined));
    const seen = stored(cluster);
    expect(await writer.read(NAME, signal)).toMatchObject({ ok: true, value: { meta: seen } });
    cluster.intercept = () => refused(403);
    expect(await writer.read(NAME, signal)).toMatchObject({ ok: false, error: { kind: "forbidden" } });
  });

  test("takes no proxy's word for an absence", async () => {
    const { cluster, writer } = world();
    cluster.intercept = () => failed(errorFromStatus(404, noStatusFacts, { write: false }));
    expect(await writer.read(NAME, signal)).toMatchObject({ ok: false });
    expect(await writer.glance(NAME, signal)).toMatchObject({ ok: false });
  });

  test("gives only which Secret it is where a glance is enough", async () => {
    const { cluster, calls, writer } = world();
    expect(await writer.glance(NAME, signal)).toEqual(ok(undefined));
    const seen = stored(cluster);
    expect(await writer.glance(NAME, signal)).toEqual(ok(seen));
    expect(calls.map(({ accept = "" }) => accept.includes("as=PartialObjectMetadata"))).toEqual([true, true]);
    cluster.intercept = () => ok("<html>");
    expect(await writer.glance(NAME, signal)).toMatchObject({ ok: false, error: { kind: "malformed" } });
  });

  test("takes an answer that is no Secret for no answer", async () => {
    const { cluster, writer } = world();
    cluster.intercept = () => ok("<html>");
    expect(await writer.read(NAME, signal)).toMatchObject({ ok: false, error: { kind: "malformed" } });
  });
});

describe("create", () => {
  test("says what it made, as the API server stored it", async () => {
    const { cluster, calls, writer } = world();
    cluster.admit = (_, object) => ({ ...object, immutable: true });
    const made = await writer.create(NAME, body({}), "fairlead/db", signal);
    const { uid, resourceVersion } = recordOf(cluster.get(PATH)?.["metadata"]);
    expect(made).toMatchObject(ok({ meta: { uid, resourceVersion }, immutable: true }));
    expect(calls).toMatchObject([
      { method: "POST", path: "/api/v1/namespaces/team-a/secrets", query: { fieldManager: "fairlead/db" } },
    ]);
  });

  test("fails where a Secret exists", async () => {
    const { cluster, writer } = world();
    stored(cluster);
    const made = await writer.create(NAME, body({}), "fairlead/db", signal);
    expect(made).toMatchObject({ ok: false, error: { kind: "alreadyExists" } });
  });

  test("whose answer cannot be read may have been done", async () => {
    const { cluster, writer } = world();
    cluster.intercept = () => ok({});
    const made = await writer.create(NAME, body({}), "fairlead/db", signal);
    expect(made).toMatchObject({ ok: false, error: { kind: "malformed", ambiguous: true } });
  });
});

describe("change", () => {
  test("merges into the Secret that was seen", async () => {
    const { cluster, calls, writer } = world();
    const changed = await writer.change(NAME, body({ ...stored(cluster), labels: { a: "b" } }), "fairlead/db", signal);
    expect(changed.ok).toBe(true);
    expect(recordOf(cluster.get(PATH)?.["metadata"])["labels"]).toEqual({ a: "b" });
    expect(calls).toMatchObject([
      {
        method: "PATCH",
        path: PATH,
        contentType: "application/merge-patch+json",
        query: { fieldManager: "fairlead/db" },
      },
    ]);
  });

  test.each([
    { given: "it moved on", seen: { resourceVersion: "1" }, then: "conflict" },
    { given: "it is another one", seen: { uid: "other" }, then: "conflict" },
  ])("fails when $given", async ({ seen, then }) => {
    const { cluster, writer } = world();
    const changed = await writer.change(NAME, body({ ...stored(cluster), ...seen }), "fairlead/db", signal);
    expect(changed).toMatchObject({ ok: false, error: { kind: then } });
  });

  test("fails when there is none", async () => {
    const changed = await world().writer.change(NAME, body({}), "fairlead/db", signal);
    expect(changed).toMatchObject({ ok: false, error: { kind: "notFound" } });
  });
});

describe("remove", () => {
  test("deletes the Secret that was seen, and is well with one that is gone", async () => {
    const { cluster, writer } = world();
    const seen = stored(cluster);
    expect(await writer.remove(NAME, seen, signal)).toEqual(ok(undefined));
    expect(cluster.get(PATH)).toBeUndefined();
    expect(await writer.remove(NAME, seen, signal)).toEqual(ok(undefined));
  });

  test("tells the resourceVersion of one that only begins to go", async () => {
    const { cluster, writer } = world();
    cluster.intercept = () => ok({ metadata: { name: "db", resourceVersion: "7" } });
    expect(await writer.remove(NAME, stored(cluster), signal)).toEqual(ok("7"));
  });

  test("leaves one that moved on", async () => {
    const { cluster, writer } = world();
    const removed = await writer.remove(NAME, { ...stored(cluster), resourceVersion: "1" }, signal);
    expect(removed).toMatchObject({ ok: false, error: { kind: "conflict" } });
    expect(cluster.get(PATH)).toBeDefined();
  });
});
