// Writes that are refused, raced, lost on the way or altered on arrival. The real reconciler over a cluster in memory;
// numbers are those of the fault list.

import { describe, expect, test } from "vitest";
import { noStatusFacts } from "../../../../src/kubernetes/status-body.ts";
import { errorFromStatus } from "../../../../src/kubernetes/api-error.ts";
import type { ApiCall } from "../../../../src/kubernetes/rest-client.ts";
import { failed } from "../../../../src/core/result.ts";
import { recordOf } from "../../../../src/core/unknown.ts";
import { refused, unanswered } from "../../../support/fake-cluster.ts";
import { MINUTE_MS, synced, SyncRig } from "../../../support/sync-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

function isWrite({ method, path }: ApiCall): boolean {
  return method !== "GET" && !path.endsWith("/events");
}

function toSecret(call: ApiCall): boolean {
  return isWrite(call) && call.path.includes("/secrets");
}

function secretWrites(rig: SyncRig): readonly string[] {
  return rig.cluster.writes.filter((write) => write.includes("secrets"));
}

function readyMessage(rig: SyncRig): string {
  return rig.status().conditions.find(({ type }) => type === "Ready")?.message ?? "";
}

/** Answers the first try of each write so, and lets what follows through. */
function refuseFirst(rig: SyncRig, answer: ReturnType<typeof refused>): void {
  const seen = new Set<string>();
  rig.cluster.intercept = (call) => {
    const write = JSON.stringify([call.method, call.path, recordOf(recordOf(call.body)["status"])["revision"]]);
    if (!isWrite(call) || seen.has(write)) return undefined;
    seen.add(write);
    return answer;
  };
}

describe("a conflict at the first try of every write (33)", () => {
  test("costs one look and one more try, and ends as without", async () => {
    const rig = new SyncRig();
    rig.holdsTargets = true;
    rig.provider.put("app/db", 1, { password: "one" });
    refuseFirst(rig, refused(409));
    rig.apply();
    await rig.settle();
    expect(rig.cluster.writes).toEqual([
      "POST team-a/secrets",
      "POST team-a/secrets",
      "PATCH db/status",
      "PATCH db/status",
    ]);
    rig.cluster.writes.length = 0;
    rig.provider.put("app/db", 2, { password: "two" });
    rig.annotate({ "force-sync": "1" });
    await rig.settle();
    expect(rig.cluster.writes).toEqual(["PATCH secrets/db", "PATCH secrets/db", "PATCH db/status", "PATCH db/status"]);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.status()).toMatchObject({ revision: 2, versionSummary: "2" });
    expect(rig.ready()).toBe("True SecretSynced");
    expect(rig.events).toEqual(["SecretSynced"]);
  });

  test("also of a deletion", async () => {
    const rig = await synced({ target: { creationPolicy: "Owner", deletionPolicy: "Delete" } });
    refuseFirst(rig, refused(409));
    rig.provider.kept.delete("app/db");
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toBeUndefined();
    expect(secretWrites(rig).filter((write) => write.startsWith("DELETE"))).toHaveLength(2);
    expect(rig.ready()).toBe("True SecretDeleted");
  });
});

test("a Secret that goes right before its change is made anew at once", async () => {
  const rig = await synced();
  rig.provider.put("app/db", 2, { password: "two" });
  let removals = 1;
  rig.cluster.intercept = ({ method, path }) => {
    if (method === "PATCH" && path === rig.secretPath() && removals-- > 0) rig.cluster.remove(path);
    return undefined;
  };
  rig.annotate({ "force-sync": "1" });
  await rig.settle();
  expect(rig.data()).toEqual({ password: "two" });
  expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "PATCH secrets/db", "POST team-a/secrets"]);
  expect(rig.events).toEqual(["SecretSynced"]);
});

describe("another writer that wins every race (34)", () => {
  async function raced(): Promise<SyncRig> {
    const rig = await synced();
    let round = 0;
    rig.cluster.intercept = (call) => {
      if (toSecret(call)) rig.edit({}, { annotations: { round: String((round += 1)) } });
      return undefined;
    };
    rig.provider.put("app/db", 2, { password: "two" });
    rig.cluster.writes.length = 0;
    rig.annotate({ "force-sync": "1" });
    await rig.settle();
    return rig;
  }

  test("is named after three tries, and met ever less often", async () => {
    const rig = await raced();
    expect(secretWrites(rig)).toHaveLength(3);
    expect(rig.ready()).toBe("False TargetConflict");
    expect(readyMessage(rig)).toContain("field manager kubectl");
    await rig.pass(HOUR_MS);
    expect(secretWrites(rig).length).toBeLessThan(60);
    rig.cluster.writes.length = 0;
    await rig.pass(HOUR_MS);
    expect(secretWrites(rig).length).toBeLessThanOrEqual(3 * 12);
    expect(rig.data()).toEqual({ password: "one" });
  });

  test("is forgotten once it stops", async () => {
    const rig = await raced();
    rig.cluster.intercept = () => undefined;
    await rig.pass(5 * MINUTE_MS);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.ready()).toBe("True SecretSynced");
    expect(rig.status().revision).toBe(2);
  });
});

describe("a write whose answer is lost (37)", () => {
  /** Loses the answer to the next write of this method and path, which is done all the same. */
  function loseNext(rig: SyncRig, method: string, path: RegExp): void {
    let isLost = false;
    rig.cluster.loses = (call) => {
      const isNow = !isLost && call.method === method && path.test(call.path);
      isLost ||= isNow;
      return isNow;
    };
  }

  test("creation: is read back, and not done twice", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    loseNext(rig, "POST", /secrets$/u);
    rig.apply();
    await rig.settle();
    expect(rig.cluster.writes).toEqual(["POST team-a/secrets", "PATCH db/status"]);
    expect(rig.status()).toMatchObject({ revision: 1, binding: { name: "db" } });
  });

  test.each(["at once", "after a while"])("change: is read back %s, and its revision is told", async (when) => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    loseNext(rig, "PATCH", /secrets\/db$/u);
    let outages = when === "at once" ? 0 : 3;
    rig.cluster.intercept = ({ method, path }) =>
      method === "GET" && path.endsWith("/secrets/db") && rig.data()?.["password"] === "two" && outages-- > 0
        ? refused(500)
        : undefined;
    rig.cluster.writes.length = 0;
    rig.annotate({ "force-sync": "1" });
    await rig.pass(MINUTE_MS);
    expect(rig.cluster.writes).toEqual(["PATCH secrets/db", "PATCH db/status"]);
    expect(rig.status()).toMatchObject({ revision: 2, versionSummary: "2" });
    expect(rig.status().history).toMatchObject([{ revision: 2, changed: [{ from: "1", to: "2" }] }, { revision: 1 }]);
    rig.annotate({ "force-sync": "2" });
    await rig.settle();
    expect(rig.status().revision).toBe(2);
  });

  test("change that was not done: is made once more, after a backoff, as one revision", async () => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    let losses = 1;
    rig.cluster.intercept = (call) => (toSecret(call) && losses-- > 0 ? unanswered(call) : undefined);
    rig.cluster.writes.length = 0;
    rig.annotate({ "force-sync": "1" });
    await rig.settle();
    expect(secretWrites(rig)).toEqual(["PATCH secrets/db"]);
    await rig.pass(MINUTE_MS);
    expect(secretWrites(rig)).toEqual(["PATCH secrets/db", "PATCH secrets/db"]);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.status().revision).toBe(2);
  });

  test("change that arrives late: its revision is told", async () => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    const late: ApiCall[] = [];
    rig.cluster.intercept = (call) =>
      toSecret(call) && late.length === 0 ? (late.push(call), unanswered(call)) : undefined;
    rig.annotate({ "force-sync": "1" });
    await rig.settle();
    for (const call of late) await rig.cluster.call(call);
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.status().revision).toBe(2);
  });

  test("change that was not done, and is not wanted any more: is no revision", async () => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    let losses = 1;
    rig.cluster.intercept = (call) => (toSecret(call) && losses-- > 0 ? unanswered(call) : undefined);
    rig.annotate({ "force-sync": "1" });
    await rig.settle();
    rig.provider.put("app/db", 3, { password: "one" });
    await rig.pass(MINUTE_MS);
    expect(rig.status()).toMatchObject({ revision: 1, versionSummary: "3" });
  });

  test("change of a store without versions: its revision is told", async () => {
    const rig = new SyncRig();
    const spec = { data: [], dataFrom: [{ find: { name: { regexp: "^app" } } }] };
    rig.provider.put("app", 1, { v: "1" });
    rig.apply(spec);
    await rig.settle();
    rig.provider.put("app", 2, { v: "2" });
    loseNext(rig, "PATCH", /secrets\/db$/u);
    rig.annotate({ "force-sync": "1" });
    await rig.pass(MINUTE_MS);
    expect(rig.status().revision).toBe(2);
  });

  test("deletion: is read back, and told as one", async () => {
    const rig = await synced({ target: { creationPolicy: "Owner", deletionPolicy: "Delete" } });
    loseNext(rig, "DELETE", /secrets\/db$/u);
    rig.provider.kept.delete("app/db");
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "DELETE secrets/db"]);
    expect(rig.ready()).toBe("True SecretDeleted");
    expect(rig.status().revision).toBe(2);
  });

  test.each(["shown at once", "shown late"])("status: a revision is counted once, %s", async (when) => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    loseNext(rig, "PATCH", /status$/u);
    rig.holdsExternalSecrets = when === "shown late";
    await rig.pass(HOUR_MS, MINUTE_MS);
    rig.showExternalSecrets();
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.status()).toMatchObject({ revision: 2, versionSummary: "2" });
    expect(rig.status().history?.map(({ revision }) => revision)).toEqual([2, 1]);
    rig.cluster.reads.length = 0;
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.cluster.reads).toEqual(["GET secrets/db metadata"]);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "PATCH secrets/db"]);
  });
});

describe("a write that is refused", () => {
  test.each([413, 422])("for good (HTTP %i) is not tried again with the same values (39)", async (status) => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.cluster.intercept = (call) => (toSecret(call) ? refused(status) : undefined);
    rig.apply();
    await rig.pass(5 * HOUR_MS, MINUTE_MS);
    expect(rig.ready()).toBe("False TargetRejected");
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "POST team-a/secrets"]);
    expect(rig.status().entries).toMatchObject([{ state: "Pending", latestVersion: "2" }]);
    rig.cluster.intercept = () => undefined;
    rig.apply({ refreshInterval: "2h" });
    await rig.settle();
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test.each([
    { by: "force-sync", act: (rig: SyncRig) => rig.annotate({ "force-sync": "1" }) },
    { by: "the store, which was away", act: (rig: SyncRig) => rig.editStore() },
  ])("for good is tried again when somebody asks for it: $by", async ({ act }) => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.cluster.intercept = (call) => (toSecret(call) ? refused(422) : undefined);
    rig.apply();
    await rig.settle();
    act(rig);
    await rig.settle();
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "POST team-a/secrets"]);
  });

  test("of a status for good is not tried again before the interval (39)", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.cluster.intercept = ({ path }) => (path.endsWith("/status") ? refused(422) : undefined);
    rig.apply();
    await rig.pass(50 * MINUTE_MS, MINUTE_MS);
    expect(rig.cluster.writes).toEqual(["POST team-a/secrets", "PATCH db/status"]);
    rig.cluster.intercept = () => undefined;
    rig.apply({ refreshInterval: "2h" });
    await rig.settle();
    expect(rig.status().revision).toBe(1);
  });

  test.each([
    { given: "for want of a role", facts: {}, path: "/secrets" },
    { given: "for want of a role on status", facts: {}, path: "/status" },
    { given: "by a quota", facts: { quotaExceeded: true }, path: "/secrets" },
    { given: "in a namespace that ends", facts: { namespaceTerminating: true }, path: "/secrets" },
  ])("$given is tried ever less often, and noticed within 30 s of the end (38, 40)", async ({ facts, path }) => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    const answer = failed(errorFromStatus(403, { ...noStatusFacts, ...facts }, { write: true }));
    rig.cluster.intercept = (call) => (isWrite(call) && call.path.endsWith(path) ? answer : undefined);
    rig.apply();
    await rig.pass(10 * MINUTE_MS);
    const tries = rig.cluster.writes.filter((write) => `/${write}`.endsWith(path));
    expect(tries.length).toBeLessThan(30);
    rig.cluster.intercept = () => undefined;
    await rig.pass(30_000);
    expect(rig.ready()).toBe("True SecretSynced");
  });
});

describe("a webhook that changes what we write (41)", () => {
  const isSecret = (path: string): boolean => path.includes("/secrets/");

  test.each([
    { what: "the values", by: { data: { password: "b3RoZXI=" } } },
    { what: "the labels that we need", by: { metadata: { labels: {} } } },
  ])("$what: is told after three writes, and met ever less often", async ({ by }) => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.cluster.admit = (path, object) =>
      isSecret(path)
        ? { ...object, ...by, metadata: { ...recordOf(object["metadata"]), ...recordOf(recordOf(by)["metadata"]) } }
        : object;
    rig.apply();
    await rig.settle();
    expect(secretWrites(rig).length).toBeLessThanOrEqual(3);
    expect(rig.ready()).toBe("False TargetConflict");
    expect(readyMessage(rig)).toContain("webhook");
    await rig.pass(HOUR_MS);
    expect(secretWrites(rig).length).toBeLessThan(60);
    rig.cluster.admit = (_, object) => object;
    await rig.pass(5 * MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("what it only adds is not fought over", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.cluster.admit = (path, object) => {
      const metadata = recordOf(object["metadata"]);
      return isSecret(path)
        ? { ...object, metadata: { ...metadata, labels: { ...recordOf(metadata["labels"]), policy: "seen" } } }
        : object;
    };
    rig.apply();
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "PATCH secrets/db"]);
    expect(rig.ready()).toBe("True SecretSynced");
  });
});

describe("a Secret of a former target name that may not be removed", () => {
  test("is told of once, tried ever less often, and removed in the end", async () => {
    const rig = await synced();
    rig.cluster.intercept = ({ method }) => (method === "DELETE" ? refused(403) : undefined);
    rig.events.length = 0;
    rig.apply({ target: { name: "new" } });
    await rig.pass(HOUR_MS / 2);
    expect(rig.ready()).toBe("True SecretSynced");
    expect(rig.events).toEqual(["FormerSecretKept"]);
    expect(secretWrites(rig).filter((write) => write.startsWith("DELETE")).length).toBeLessThan(15);
    rig.cluster.intercept = () => undefined;
    await rig.pass(5 * MINUTE_MS);
    expect(rig.data()).toBeUndefined();
    expect(rig.data("new")).toEqual({ password: "one" });
  });
});
