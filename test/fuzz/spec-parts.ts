// Parts of specs that mean something at a fuzzed site: entries that can be served, good specs made of them, and how one
// field of a spec is changed.

import { isRecord, type JsonRecord, listAt, valueAt } from "../testbed/json.ts";
import type { Dice } from "./dice.ts";
import { clusterStoreNames, type SequenceNames } from "./fuzz-site.ts";

export interface SpecContext {
  readonly dice: Dice;
  readonly namespace: string;
  readonly names: SequenceNames;
}

type Fields = Readonly<Record<string, unknown>>;

/** Full key of one of the site's remote secrets. */
export function keyOf({ namespace }: SpecContext, name: string): string {
  return `${namespace}/${name}`;
}

/** remoteRefs of one value. */
export function goodRemoteRef(context: SpecContext): Fields {
  const { dice, namespace } = context;
  const db = keyOf(context, "app/db");
  const coded = keyOf(context, "app/coded");
  return dice.pick<Fields>([
    { key: db },
    { key: db, property: dice.pick(["username", "password", "port", "enabled", "nothing", "dotted.name"]) },
    {
      key: db,
      property: dice.pick(["nested", "nested.deep", "nested.deep.leaf", "nested.list.0", "nested.list.1.in"]),
    },
    { key: db, version: dice.pick(["1", "2", ""]), property: "password" },
    { key: dice.pick([`kv/${db}`, `kv/data/${db}`]), property: "username" },
    { key: coded, property: "standard", decodingStrategy: dice.pick(["Base64", "Auto", "None"]) },
    { key: coded, property: "url", decodingStrategy: dice.pick(["Base64URL", "Auto"]) },
    { key: coded, property: "text", decodingStrategy: "Auto", nullBytePolicy: "Fail" },
    { key: keyOf(context, "app/half"), version: "1", property: "password", metadataPolicy: "None" },
    { key: `${namespace}/app/nul`, property: "text", nullBytePolicy: "Ignore" },
  ]);
}

/** Entries of `dataFrom`. */
export function goodDataFrom(context: SpecContext): Fields {
  const { dice } = context;
  const path = keyOf(context, "find");
  const lastSegment = { regexp: { source: "^.*/([^/]+)$", target: "$1" } };
  const dashes = { regexp: { source: "-", target: dice.pick(["_", ".", ""]) } };
  return dice.pick<Fields>([
    { extract: { key: keyOf(context, "app/db"), ...dice.pick([{}, { version: "1" }, { property: "nested.deep" }]) } },
    { extract: { key: keyOf(context, "app/all"), conversionStrategy: dice.pick(["Default", "Unicode"]) } },
    { extract: { key: keyOf(context, "app/all"), property: "" }, rewrite: [] },
    { extract: { key: keyOf(context, "app/db") }, rewrite: [{ regexp: { source: "a", target: "b" } }] },
    { find: { path, name: { regexp: dice.pick(["db-", "^.*/db-[0-9]$", "web|db", "nested"]) } } },
    {
      find: { path, tags: dice.pick([{ tier: "db" }, { tier: "db", team: "b" }, {}]) },
      rewrite: [lastSegment, dashes],
    },
    { find: { path: `${path}/`, conversionStrategy: "Unicode" } },
    {
      extract: { key: keyOf(context, "app/db") },
      sourceRef: { storeRef: { name: "vault1", kind: "SecretStore" } },
    },
  ]);
}

const SECRET_KEYS = ["password", "username", "a", "b.c", ".hidden", "UPPER_case-1", "plain", "x".repeat(253)];

/** Entries of `data` with keys of their own. */
export function goodData(context: SpecContext, min = 1, max = 3): readonly Fields[] {
  const keys = context.dice.some(SECRET_KEYS, min, max);
  return keys.map((secretKey) => ({ secretKey, remoteRef: goodRemoteRef(context) }));
}

/** A spec that is served at once. */
export function goodSpec(context: SpecContext): JsonRecord {
  const { dice } = context;
  const froms = Array.from({ length: dice.pick([0, 0, 1, 2]) }, () => goodDataFrom(context));
  const data = goodData(context, froms.length > 0 ? 0 : 1);
  return {
    secretStoreRef: goodStoreRef(context),
    refreshInterval: dice.pick(["1h", "15m", "1h30m", "0", "0.5h", "8760h"]),
    ...dice.pick([{}, { refreshPolicy: "Periodic" }, { refreshPolicy: "OnChange" }]),
    ...dice.pick([{}, { suspend: false }]),
    target: goodTarget(context),
    ...(data.length > 0 || dice.chance(0.3) ? { data } : {}),
    ...(froms.length > 0 ? { dataFrom: froms } : {}),
  };
}

function goodStoreRef({ dice, namespace }: SpecContext): Fields {
  return dice.pick<Fields>([
    { name: "vault" },
    { name: "vault", kind: "SecretStore" },
    { name: clusterStoreNames(namespace).open, kind: "ClusterSecretStore" },
  ]);
}

function goodTarget(context: SpecContext): Fields {
  const { dice, names } = context;
  const creationPolicy = dice.pick(["Owner", "Owner", "Owner", "Orphan", "CreateOrMerge", "Merge"]);
  const deletionPolicy = dice.pick(deletionPolicies(creationPolicy));
  const policies = { creationPolicy, deletionPolicy, ...dice.pick([{}, { immutable: false }]) };
  if (creationPolicy === "Merge") return { ...policies, name: names.foreign };
  if (creationPolicy === "Owner" && dice.chance(0.3)) return dice.pick([{}, { name: names.self }]);
  return {
    ...policies,
    ...dice.pick([{}, { name: names.self }]),
    ...dice.pick([{}, {}, { template: goodTemplate(dice) }]),
  };
}

/** Those that admission takes with the creationPolicy. */
export function deletionPolicies(creationPolicy: string): readonly string[] {
  if (creationPolicy === "None") return ["Retain"];
  return creationPolicy === "Owner" || creationPolicy === "Orphan"
    ? ["Retain", "Delete", "Merge"]
    : ["Retain", "Merge"];
}

export function goodTemplate(dice: Dice): Fields {
  const metadata = {
    labels: dice.pick<Fields>([{}, { tier: "db", "example.com/part": "a.b_c-d" }, { empty: "" }]),
    annotations: dice.pick<Fields>([{}, { note: "as written: $1 {x} ä😀" }, { "example.com/long": "n".repeat(4096) }]),
  };
  return dice.pick<Fields>([{ metadata }, { type: "Opaque", metadata }, {}, { type: "Opaque" }]);
}

/** The spec with fields of `target` changed; undefined leaves one out. */
export function withTarget(spec: JsonRecord, changes: Fields): JsonRecord {
  const target = isRecord(spec["target"]) ? spec["target"] : {};
  return { ...spec, target: present({ ...target, ...changes }) };
}

/** The spec with fields changed; undefined leaves one out. */
export function withFields(spec: JsonRecord, changes: Fields): JsonRecord {
  return present({ ...spec, ...changes });
}

/** The spec with one more entry of `data`, or with that one in place of the entry of this secretKey. */
export function withEntry(spec: JsonRecord, remoteRef: unknown, more: Fields = {}): JsonRecord {
  const entry = { secretKey: "fuzzed", remoteRef, ...more };
  const others = listAt(spec, "data").filter((other) => valueAt(other, "secretKey") !== entry.secretKey);
  return { ...spec, data: [...others, entry] };
}

/** The spec with one more entry of `dataFrom`. */
export function withSource(spec: JsonRecord, source: Fields): JsonRecord {
  return { ...spec, dataFrom: [...listAt(spec, "dataFrom"), source] };
}

function present(fields: Fields): JsonRecord {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
