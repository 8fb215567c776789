import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordOf } from "../../../../src/core/unknown.ts";
import type { CreationPolicy } from "../../../../src/core/spec/external-secret.ts";
import { desiredSecret } from "../../../../src/core/sync/desired-secret.ts";
import { type LiveSecret, parseLiveSecret } from "../../../../src/core/sync/live-secret.ts";
import { fieldManager } from "../../../../src/core/sync/names.ts";
import { holdsWanted, planSecret } from "../../../../src/core/sync/plan-secret.ts";
import { planKeyRemoval, planRelease } from "../../../../src/core/sync/plan-withdrawal.ts";
import type { PlanSubject, SecretBody } from "../../../../src/core/sync/secret-body.ts";
import { FakeCluster } from "../../../support/fake-cluster.ts";
import { liveSecret, meta, owner, target, values } from "../../../support/builders/records.ts";

const COLLECTION = "/api/v1/namespaces/team-a/secrets";
const MARK = "fairlead.dev/external-secret";
const MANAGED = "fairlead.dev/managed";

function subject(overrides: Partial<PlanSubject> = {}): PlanSubject {
  return { meta: meta(), target: target(), previousKeys: new Set(), peers: [], ...overrides };
}

function plan(who: PlanSubject, data: Readonly<Record<string, string>>, live: LiveSecret | undefined) {
  const result = planSecret(who, desiredSecret(who.meta, who.target, values(data)), live);
  if (!result.ok) throw new Error(result.error.reason);
  return result.value;
}

async function applied(cluster: FakeCluster, method: "POST" | "PATCH", body: SecretBody): Promise<LiveSecret> {
  const path = method === "POST" ? COLLECTION : `${COLLECTION}/db`;
  const query = { fieldManager: fieldManager("db") };
  const answer = await cluster.call({ method, path, body: JSON.parse(JSON.stringify(body)), query });
  const live = answer.ok ? parseLiveSecret(answer.value) : undefined;
  if (live === undefined) throw new Error("not written");
  return live;
}

const keyName = fc.stringMatching(/^[-._a-zA-Z0-9]{1,6}$/).filter((key) => key !== "." && !key.startsWith(".."));
const someData = fc.dictionary(fc.oneof(keyName, fc.constantFrom("a", "b", "__proto__", "constructor")), fc.string(), {
  maxKeys: 4,
  noNullPrototype: true,
});
const policy = fc.constantFrom<CreationPolicy>("Owner", "Orphan", "Merge", "CreateOrMerge");
const labels = fc.dictionary(
  fc.constantFrom("team", "app.kubernetes.io/managed-by", MANAGED),
  fc.constantFrom("a", "b"),
);

function encoded(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
}

describe("properties", () => {
  test("what a plan wrote is verified by the next plan", async () => {
    await fc.assert(
      fc.asyncProperty(
        someData,
        fc.option(someData),
        policy,
        labels,
        async (wanted, existing, creationPolicy, templated) => {
          const cluster = new FakeCluster();
          if (existing !== null)
            cluster.apply(`${COLLECTION}/db`, {
              type: "Opaque",
              metadata: { namespace: "team-a" },
              data: encoded(existing),
            });
          const template = { type: undefined, labels: templated, annotations: {} };
          const who = subject({ target: target({ creationPolicy, template }) });
          const live = parseLiveSecret(cluster.get(`${COLLECTION}/db`));
          const first = plan(who, wanted, live);
          if (first.kind === "verified") return;
          const written = await applied(cluster, first.kind === "create" ? "POST" : "PATCH", first.body);
          expect(plan(who, wanted, written).kind).toBe("verified");
          for (const [key, value] of values(wanted)) expect(written.data.get(key)?.equals(value)).toBe(true);
        },
      ),
    );
  });

  test("under Merge no foreign key ever goes", () => {
    fc.assert(
      fc.property(
        someData,
        someData,
        fc.constantFrom<CreationPolicy>("Merge", "CreateOrMerge"),
        (wanted, existing, creationPolicy) => {
          const who = subject({ target: target({ creationPolicy }), previousKeys: new Set(Object.keys(existing)) });
          const made = plan(who, wanted, liveSecret({ data: existing }));
          const removed =
            made.kind === "patch" ? Object.entries(made.body.data ?? {}).filter(([, value]) => value === null) : [];
          expect(removed).toEqual([]);
        },
      ),
    );
  });

  test("under Owner and Orphan the Secret then holds the rendering and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        someData,
        someData,
        fc.constantFrom<CreationPolicy>("Owner", "Orphan"),
        async (wanted, existing, creationPolicy) => {
          const cluster = new FakeCluster();
          cluster.apply(`${COLLECTION}/db`, {
            type: "Opaque",
            metadata: { namespace: "team-a" },
            data: encoded(existing),
          });
          const made = plan(
            subject({ target: target({ creationPolicy }) }),
            wanted,
            parseLiveSecret(cluster.get(`${COLLECTION}/db`)),
          );
          if (made.kind !== "patch") throw new Error("the mark alone asks for a patch");
          const written = await applied(cluster, "PATCH", made.body);
          expect([...written.data.keys()].sort()).toEqual(Object.keys(wanted).sort());
        },
      ),
    );
  });
});

describe("a dropped key", () => {
  const shared = subject({ target: target({ creationPolicy: "Merge" }), previousKeys: new Set(["a", "b"]) });

  test("that is still ours goes, and one that somebody else holds now is left and named", () => {
    const live = liveSecret({
      data: { a: "1", b: "2", c: "3" },
      labels: { [MANAGED]: "true" },
      written: { db: ["a", "c"] },
    });
    expect(plan(shared, { c: "3" }, live)).toMatchObject({ kind: "patch", changedKeys: ["a"], leftKeys: ["b"] });
  });

  test("is named also when there is nothing to write", () => {
    const live = liveSecret({ data: { b: "2", c: "3" }, labels: { [MANAGED]: "true" }, written: { db: ["c"] } });
    expect(plan(shared, { c: "3" }, live)).toEqual({ kind: "verified", leftKeys: ["b"] });
  });
});

describe("metadata", () => {
  test("every change carries the uid and resourceVersion that were seen", () => {
    const made = plan(subject(), { a: "1" }, liveSecret());
    expect(made).toMatchObject({ body: { metadata: { uid: "uid-secret", resourceVersion: "20" } } });
  });

  test.each(["Orphan", "Merge", "CreateOrMerge"] as const)(
    "leaving Owner for %s removes our owner reference",
    (creationPolicy) => {
      const foreign = owner({ kind: "Pod", apiVersion: "v1", name: "p", uid: "u", controller: false });
      const live = liveSecret({ data: { a: "1" }, owners: [foreign, owner()], annotations: { [MARK]: "db" } });
      const made = plan(subject({ target: target({ creationPolicy }) }), { a: "1" }, live);
      expect(made).toMatchObject({
        kind: "patch",
        changedKeys: [],
        body: { metadata: { ownerReferences: [foreign] } },
      });
    },
  );

  test("a label that another ExternalSecret wrote into a shared Secret is left to it", () => {
    const live = liveSecret({
      data: { a: "1" },
      labels: { [MANAGED]: "true", team: "b" },
      labelled: { other: ["team"] },
    });
    const who = subject({
      meta: meta({ labels: { team: "a" } }),
      target: target({ creationPolicy: "Merge" }),
      peers: ["other"],
    });
    expect(plan(who, { a: "1" }, live).kind).toBe("verified");
    expect(plan({ ...who, peers: [] }, { a: "1" }, live).kind).toBe("patch");
  });

  test.each([
    {
      given: "our mark",
      live: liveSecret({ annotations: { [MARK]: "db" } }),
      peers: [],
      then: { annotations: { [MARK]: null }, labels: { [MANAGED]: null } },
    },
    {
      given: "our label only",
      live: liveSecret({ labelled: { db: [MANAGED] } }),
      peers: [],
      then: { labels: { [MANAGED]: null } },
    },
    {
      given: "our mark, and sharers",
      live: liveSecret({ annotations: { [MARK]: "db" } }),
      peers: ["other"],
      then: { annotations: { [MARK]: null } },
    },
  ])("a release takes off $given", ({ live, peers, then }) => {
    const body = planRelease(subject({ peers }), live);
    const { uid, resourceVersion, ...metadata } = recordOf(body?.metadata);
    expect({ uid, resourceVersion }).toEqual({ uid: "uid-secret", resourceVersion: "20" });
    expect(metadata).toEqual(then);
    expect(body).not.toHaveProperty("data");
  });

  test("a release of a Secret without our name writes nothing", () => {
    expect(
      planRelease(subject(), liveSecret({ labels: { [MANAGED]: "true" }, annotations: { [MARK]: "other" } })),
    ).toBeUndefined();
  });
});

describe("a frozen Secret", () => {
  test.each([
    { given: "new values", live: liveSecret({ data: { a: "1" }, immutable: true }), type: undefined },
    { given: "another type", live: liveSecret({ data: { a: "2" } }), type: "kubernetes.io/tls" },
  ])("with $given is refused as TargetImmutable", ({ live, type }) => {
    const who = subject({ target: target({ template: { type, labels: {}, annotations: {} } }) });
    const desired = desiredSecret(who.meta, who.target, values({ a: "2" }));
    expect(planSecret(who, desired, live)).toMatchObject({ ok: false, error: { reason: "TargetImmutable" } });
  });
});

test("removing our keys leaves those of others", () => {
  const live = liveSecret({ data: { a: "1", b: "2" }, written: { db: ["a"], other: ["b"] } });
  expect(planKeyRemoval(subject({ target: target({ creationPolicy: "Merge" }) }), live)?.body.data).toEqual({
    a: null,
  });
});

describe("holdsWanted", () => {
  const wanted = { password: "one" };
  const full = {
    data: wanted,
    labels: { [MANAGED]: "true" },
    annotations: { [MARK]: "db" },
    owners: [owner()],
    written: { db: ["password"] },
  };

  test.each([
    { given: "it is as wanted", live: full, then: true },
    {
      given: "a label was added",
      live: { ...full, labels: { ...full.labels, policy: "x" }, labelled: { db: ["policy"] } },
      then: true,
    },
    { given: "a value is another", live: { ...full, data: { password: "two" } }, then: false },
    { given: "a key is missing", live: { ...full, data: {} }, then: false },
    { given: "a key was added", live: { ...full, data: { ...wanted, more: "x" } }, then: false },
    { given: "our label is missing", live: { ...full, labels: {} }, then: false },
    { given: "our mark is missing", live: { ...full, annotations: {} }, then: false },
    { given: "our owner reference is missing", live: { ...full, owners: [] }, then: false },
    { given: "it may be changed", live: full, immutable: true, then: false },
    { given: "it may not be changed", live: { ...full, immutable: true }, immutable: true, then: true },
  ])("when $given: $then", ({ live, immutable = false, then }) => {
    const who = subject({ target: target({ immutable }) });
    expect(holdsWanted(who, desiredSecret(who.meta, who.target, values(wanted)), liveSecret(live))).toBe(then);
  });
});
