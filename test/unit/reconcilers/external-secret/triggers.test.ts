import { describe, expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import type { CompactExternalSecret } from "../../../../src/core/spec/compact-external-secret.ts";
import type { ExternalSecretRecord } from "../../../../src/core/spec/records.ts";
import { findCondition } from "../../../../src/core/status/conditions.ts";
import type { ExternalSecretStatus } from "../../../../src/core/status/external-secret-status.ts";
import type { TargetRecord } from "../../../../src/reconcilers/external-secret/targets.ts";
import {
  createTriggers,
  externalSecretIndexes,
  namesStore,
} from "../../../../src/reconcilers/external-secret/triggers.ts";
import { createObjectStore } from "../../../../src/runtime/object-store.ts";
import { parsedRecord } from "../../../support/builders/sync.ts";

const CLUSTER = { secretStoreRef: { name: "shared", kind: "ClusterSecretStore" } };
const VAULT = { kind: "SecretStore", namespace: "team-a", name: "vault" } as const;
const SHARED = { kind: "ClusterSecretStore", namespace: "", name: "shared" } as const;

function triggered(...records: readonly ExternalSecretRecord[]) {
  const externalSecrets = createObjectStore<CompactExternalSecret>(externalSecretIndexes);
  for (const record of records) externalSecrets.set({ ...record, isReady: isReady(record) });
  const calls: string[] = [];
  const triggers = createTriggers({
    externalSecrets,
    enqueue: (key, lane) => calls.push(`${key} ${lane}`),
    wake: (key) => calls.push(`${key} woken`),
  });
  return { triggers, calls, externalSecrets };
}

function isReady({ status }: ExternalSecretRecord): boolean {
  return findCondition(status?.conditions ?? [], "Ready")?.status === "True";
}

function changed(record: ExternalSecretRecord, meta: Partial<ExternalSecretRecord["meta"]>): ExternalSecretRecord {
  return { ...record, meta: { ...record.meta, resourceVersion: "11", ...meta } };
}

function target(name: string): TargetRecord {
  return { meta: { namespace: "team-a", name, uid: "u", resourceVersion: "20" }, controllerUid: undefined };
}

function withReady(record: ExternalSecretRecord, status: "True" | "False"): ExternalSecretRecord {
  const ready = {
    type: "Ready",
    status,
    reason: "r",
    message: "",
    observedGeneration: 1,
    lastTransitionTime: "",
  } as const;
  const told: ExternalSecretStatus = { observedGeneration: 1, conditions: [ready] };
  return { ...record, status: told };
}

const db = parsedRecord({});
const rival = parsedRecord({ name: "rival", spec: { target: { name: "db" } } });

describe("a change of an ExternalSecret", () => {
  test.each([
    { of: "its status", meta: {}, then: [] },
    { of: "its generation", meta: { generation: 2 }, then: ["team-a/db change"] },
    { of: "a label", meta: { labels: { a: "b" } }, then: ["team-a/db change"] },
    { of: "an annotation", meta: { annotations: { a: "b" } }, then: ["team-a/db change"] },
    { of: "the force-sync", meta: { annotations: { "force-sync": "1" } }, then: ["team-a/db change"] },
    { of: "its deletion", meta: { deletionTimestamp: "2026-01-01T00:00:00Z" }, then: ["team-a/db change"] },
    { of: "its uid", meta: { uid: "other" }, then: ["team-a/db change"] },
  ])("of $of causes $then", ({ meta, then }) => {
    const current = changed(db, meta);
    const { triggers, calls } = triggered(current);
    triggers.externalSecretChanged(db, current);
    expect(calls).toEqual(then);
  });

  test("that is its first or its last wakes it", () => {
    const { triggers, calls } = triggered();
    triggers.externalSecretChanged(undefined, db);
    triggers.externalSecretChanged(db, undefined);
    triggers.externalSecretChanged(undefined, undefined);
    expect(calls).toEqual(["team-a/db change", "team-a/db change"]);
  });

  test("that frees its target wakes who shares it", () => {
    const { triggers, calls } = triggered(rival);
    triggers.externalSecretChanged(db, undefined);
    expect(calls).toEqual(["team-a/db change", "team-a/rival woken"]);
  });

  test("to another target wakes who shares the former one", () => {
    const moved = { ...parsedRecord({ spec: { target: { name: "new" } } }), meta: { ...db.meta, generation: 2 } };
    const { triggers, calls } = triggered(moved, rival);
    triggers.externalSecretChanged(db, moved);
    expect(calls).toEqual(["team-a/db change", "team-a/rival woken"]);
  });
});

test("a change of a Secret is noted, then queues who names it", () => {
  const { triggers, calls } = triggered(db, rival, parsedRecord({ name: "other" }));
  triggers.targetChanged(undefined, target("db"));
  triggers.targetChanged(target("unnamed"), undefined);
  triggers.targetChanged(undefined, undefined);
  expect(calls).toEqual(["team-a/db change", "team-a/rival change"]);
});

test("a namespace wakes those of its ExternalSecrets that read from cluster stores", () => {
  const { triggers, calls } = triggered(
    db,
    parsedRecord({ name: "shared", spec: CLUSTER }),
    parsedRecord({ name: "elsewhere", namespace: "team-b", spec: CLUSTER }),
  );
  triggers.namespaceChanged("team-a");
  expect(calls).toEqual(["team-a/shared woken"]);
});

describe("a store", () => {
  const elsewhere = parsedRecord({ namespace: "team-b" });
  const shared = parsedRecord({ name: "shared", spec: CLUSTER });
  const unreadable = {
    ...parsedRecord({ name: "bad" }),
    spec: { ok: false, error: { path: "", message: "" } },
  } as const;

  test("that changed wakes those who name it, in its namespace", () => {
    const { triggers, calls } = triggered(db, elsewhere, shared, unreadable);
    triggers.storeChanged(VAULT);
    triggers.storeChanged(SHARED);
    expect(calls).toEqual(["team-a/db woken", "team-a/shared woken"]);
  });

  test("that was judged wakes those who wait", () => {
    const { triggers, calls } = triggered(db, rival);
    triggers.storeJudged([objectKey(db.meta)]);
    expect(calls).toEqual(["team-a/db woken"]);
  });

  test("that turned ready wakes those who wait or are not Ready, each once", () => {
    const { triggers, calls } = triggered(
      withReady(db, "True"),
      withReady(rival, "False"),
      parsedRecord({ name: "new" }),
    );
    triggers.storeReady(VAULT, [objectKey(rival.meta)]);
    expect(calls).toEqual(["team-a/rival woken", "team-a/new woken"]);
  });

  test.each([
    { namespace: "team-a", then: true },
    { namespace: "team-b", then: false },
  ])("is named in $namespace: $then", ({ namespace, then }) => {
    const { externalSecrets } = triggered(shared, parsedRecord({ namespace: "team-b" }));
    expect(namesStore(externalSecrets, SHARED, namespace)).toBe(then);
  });
});
