// Pieces for the harness's own tests: a site without servers, Secrets and ExternalSecrets as they are seen.

import type { JsonRecord } from "../testbed/json.ts";
import type { Serving } from "./fuzz-site.ts";
import type { Situation } from "./oracle.ts";
import type { OracleSite } from "./oracle-values.ts";
import { remoteModel } from "./remote-model.ts";
import type { SecretView } from "./secret-view.ts";

export const SELF = { name: "fuzz-0", uid: "uid-of-self" } as const;

export function siteOf(namespace = "team"): OracleSite {
  const stores = new Map<string, Serving>([
    ["SecretStore/vault", { mount: "kv" }],
    ["SecretStore/vault1", { mount: "kv1" }],
    [`ClusterSecretStore/open-${namespace}`, { mount: "kv" }],
    ["SecretStore/locked", { mount: undefined, reasons: ["Unauthenticated"] }],
  ]);
  return { namespace, stores, remotes: remoteModel(namespace, "x") };
}

export function situationOf(changes: Partial<Situation> = {}): Situation {
  return { self: SELF, wasMade: false, isForced: false, before: new Map(), ...changes };
}

/** A Secret that is ours under Owner, with plain text data. */
export function secretOf(texts: Readonly<Record<string, string>>, changes: Partial<SecretView> = {}): SecretView {
  return {
    uid: "uid-of-secret",
    type: "Opaque",
    immutable: false,
    data: encoded(texts),
    labels: {},
    annotations: {},
    controllerUid: SELF.uid,
    mark: SELF.name,
    adopter: undefined,
    writers: { [`fairlead/${SELF.name}`]: Object.keys(texts) },
    ...changes,
  };
}

export function encoded(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
}

export interface Said {
  readonly ready?: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
  readonly isStalled?: boolean;
  readonly observedGeneration?: number;
  readonly entries?: readonly JsonRecord[];
}

const WELL = {
  ready: "True",
  reason: "SecretSynced",
  message: "",
  isStalled: false,
  observedGeneration: 2,
  entries: [],
};

/** An ExternalSecret at generation 2. */
export function objectSaying(said: Said = {}): JsonRecord {
  const { ready, reason, message, isStalled, observedGeneration, entries } = { ...WELL, ...said };
  const conditions = [
    { type: "Ready", status: ready, reason, message },
    { type: "Reconciling", status: ready === "False" && !isStalled ? "True" : "False", reason },
    { type: "Stalled", status: isStalled ? "True" : "False", reason },
  ];
  return { metadata: { uid: SELF.uid, generation: 2 }, spec: {}, status: { observedGeneration, conditions, entries } };
}
