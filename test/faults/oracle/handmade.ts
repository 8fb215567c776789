// Histories made by hand, for the tests of the oracle: revisions of ExternalSecrets, Secrets and Leases with defaults,
// each committed after the one before it.

import type { JsonRecord } from "../../testbed/json.ts";
import { createRemoteHistory, type RemoteHistory } from "./remote-history.ts";
import type { RecordedKind, Revision } from "./revision.ts";
import type { Evidence } from "./secret-story.ts";
import type { Expected } from "./expectations.ts";

export const NAMESPACE = "team";

export interface SecretOptions {
  readonly change?: Revision["change"];
  readonly uid?: string;
  /** uid of the ExternalSecret that controls it. Default es-1; empty: nobody. */
  readonly owner?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly name?: string;
}

export interface ExternalSecretRevision {
  readonly change?: Revision["change"];
  readonly uid?: string;
  readonly name?: string;
  readonly generation?: number;
  readonly target?: JsonRecord;
  readonly keys?: readonly string[];
  readonly status?: JsonRecord;
}

export interface Handmade {
  readonly remotes: RemoteHistory;
  /** The remote secret `team/db` in its next version: `a` and `b`, which name it. */
  rotate(): void;
  externalSecret(options?: ExternalSecretRevision): Revision;
  secret(data: Readonly<Record<string, string>>, options?: SecretOptions): Revision;
  lease(holder: string, transitions: number): Revision;
  /** Lets time pass before the next revision. */
  wait(delayMs: number): void;
  evidence(more?: Partial<Evidence>): Evidence;
}

/** What a whole Secret of version `version` holds. */
export function whole(version: number): Readonly<Record<string, string>> {
  return { a: `db@${version}:a`, b: `db@${version}:b` };
}

/** The status of one that is Ready at a generation with a version. */
export function readyStatus(generation: number, version: number, reason = "SecretSynced"): JsonRecord {
  return {
    observedGeneration: generation,
    conditions: [{ type: "Ready", status: "True", reason, observedGeneration: generation }],
    entries: [{ key: "team/db", version: String(version), state: "Synced" }],
  };
}

export const nothingExpected: Expected = {
  mayGo: () => false,
  isForeign: () => false,
  isExempt: () => false,
};

export function handmade(): Handmade {
  const remotes = createRemoteHistory();
  const revisions: Revision[] = [];
  let version = 0;
  let nowMs = 1_000_000;
  const add = (kind: RecordedKind, revision: Omit<Revision, "kind" | "namespace" | "order" | "seenAtMs">): Revision => {
    nowMs += 10;
    const added = { kind, namespace: NAMESPACE, order: revisions.length + 1, seenAtMs: nowMs, ...revision };
    revisions.push(added);
    return added;
  };
  return {
    remotes,
    rotate() {
      version += 1;
      remotes.put("kv/team/db", version, whole(version));
    },
    externalSecret: ({ change = "MODIFIED", uid = "es-1", name = "db", ...options } = {}) =>
      add("ExternalSecret", {
        change,
        uid,
        name,
        data: new Map(),
        object: externalSecretObject(options),
      }),
    secret: (data, { change = "MODIFIED", uid = "secret-1", owner = "es-1", annotations = {}, name = "db" } = {}) =>
      add("Secret", {
        change,
        uid,
        name,
        data: new Map(Object.entries(data)),
        object: { metadata: { annotations, ownerReferences: owner === "" ? [] : [ownerReference(owner)] } },
      }),
    lease: (holder, transitions) =>
      add("Lease", {
        change: "MODIFIED",
        uid: "lease-1",
        name: "fairlead",
        data: new Map(),
        object: { spec: { holderIdentity: holder, leaseTransitions: transitions } },
      }),
    wait(delayMs) {
      nowMs += delayMs;
    },
    evidence: (more = {}) => ({ revisions, remotes, expected: nothingExpected, isSettled: true, ...more }),
  };
}

function externalSecretObject(options: Omit<ExternalSecretRevision, "change" | "uid" | "name">): JsonRecord {
  const { generation = 1, target = {}, keys = ["a", "b"], status = { observedGeneration: -1 } } = options;
  const data = keys.map((secretKey) => ({ secretKey, remoteRef: { key: "team/db", property: secretKey } }));
  return { metadata: { generation }, spec: { target, data }, status };
}

function ownerReference(uid: string): JsonRecord {
  return { apiVersion: "fairlead.dev/v1", kind: "ExternalSecret", name: "db", uid, controller: true };
}

/** A run in which everything is right: made, rotated, spec changed, rotated again. The tests break it. */
export function correctHistory(): Handmade {
  const made = handmade();
  made.rotate();
  made.externalSecret({ change: "ADDED" });
  made.secret(whole(1), { change: "ADDED" });
  made.externalSecret({ status: readyStatus(1, 1) });
  made.rotate();
  made.secret(whole(2));
  made.externalSecret({ status: readyStatus(1, 2) });
  made.externalSecret({ generation: 2, keys: ["a"], status: readyStatus(1, 2) });
  made.secret({ a: "db@2:a" });
  made.externalSecret({ generation: 2, keys: ["a"], status: readyStatus(2, 2) });
  return made;
}
