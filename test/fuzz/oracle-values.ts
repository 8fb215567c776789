// Half of the oracle: what the sources of a spec yield from the remote model, read straight from the raw spec. It shares
// nothing with the operator's parser, renderer and planner; where it does not understand a spec, it says so.

import { isRecord, listAt, optionalTextAt, valueAt } from "../testbed/json.ts";
import { bytesOf, converted, decodedBytes } from "./oracle-bytes.ts";
import type { FuzzSite } from "./fuzz-site.ts";
import { DENIED_FOLDER, type RemoteMount, type RemoteSecret, type RemoteVersion } from "./remote-model.ts";

export type Reading =
  | { readonly kind: "values"; readonly values: ReadonlyMap<string, Buffer> }
  /** A `find` without a match. */
  | { readonly kind: "empty" }
  /** Any of the reasons may be given. */
  | { readonly kind: "failed"; readonly reasons: readonly string[] }
  | { readonly kind: "beyond"; readonly why: string };

export type OracleSite = Pick<FuzzSite, "remotes" | "stores"> & { readonly namespace: string };

const failed = (...reasons: readonly string[]): Reading => ({ kind: "failed", reasons });
const beyond = (why: string): Reading => ({ kind: "beyond", why });

/** One reading per source, in the order in which they are applied. */
export function readSources(spec: unknown, site: OracleSite): readonly Reading[] {
  return [
    ...listAt(spec, "dataFrom").map((entry) => readEntry(spec, entry, site)),
    ...listAt(spec, "data").map((entry) => readEntry(spec, entry, site)),
  ];
}

function readEntry(spec: unknown, entry: unknown, site: OracleSite): Reading {
  const ref = valueAt(entry, "sourceRef", "storeRef") ?? valueAt(spec, "secretStoreRef");
  const store = `${optionalTextAt(ref, "kind") ?? "SecretStore"}/${optionalTextAt(ref, "name") ?? ""}`;
  const serving = site.stores.get(store) ?? { mount: undefined, reasons: ["StoreNotFound"] };
  if (serving.mount === undefined) return failed(...serving.reasons);
  const from: Mount = { name: serving.mount, secrets: site.remotes[serving.mount], namespace: site.namespace };
  const [find, extract] = [valueAt(entry, "find"), valueAt(entry, "extract")];
  if (isRecord(find)) return named(readFind(find, from), find, valueAt(entry, "rewrite"));
  if (isRecord(extract)) return named(members(readRemote(extract, from)), extract, valueAt(entry, "rewrite"));
  const remoteRef = valueAt(entry, "remoteRef");
  const read = readRemote(remoteRef, from);
  if (read.kind !== "node") return read;
  return decoded(new Map([[optionalTextAt(entry, "secretKey") ?? "", bytesOf(read.node)]]), remoteRef);
}

interface Mount {
  readonly name: "kv" | "kv1";
  readonly secrets: RemoteMount;
  readonly namespace: string;
}
type NodeReading = Reading | { readonly kind: "node"; readonly node: unknown };

/** The secret that a remoteRef names, or the property of it. */
function readRemote(ref: unknown, mount: Mount): NodeReading {
  const text = (field: string): string => optionalTextAt(ref, field) ?? "";
  const asksMetadata = valueAt(ref, "metadataPolicy") === "Fetch";
  if (!isServed(text("version"), asksMetadata, mount) || hasFault(text("key"))) return failed("InvalidReference");
  const path = belowMount(text("key"), mount);
  if (!isAllowed(path, mount)) return failed("AccessDenied");
  const secret = mount.secrets.get(path);
  if (secret === undefined) return failed("SecretNotFound");
  if (asksMetadata) return metadataOf(secret, text("property"));
  const content = versionOf(secret, text("version"));
  return content?.state === "live" ? propertyOf(content.values, text("property")) : failed(reasonOf(content));
}

/** Times are Vault's to give; what people wrote there is known. */
function metadataOf({ tags }: RemoteSecret, property: string): NodeReading {
  return Object.hasOwn(tags, property) ? { kind: "node", node: tags[property] } : beyond("metadata that Vault makes");
}

function versionOf({ versions }: RemoteSecret, version: string): RemoteVersion | undefined {
  return version === "" ? versions.at(-1) : versions[Number(version) - 1];
}

function reasonOf(content: RemoteVersion | undefined): string {
  if (content === undefined) return "VersionNotFound";
  return content.state === "deleted" ? "SecretDeletedRemotely" : "SecretDestroyed";
}

/** KV v1 has neither versions nor metadata, and metadata has no versions. */
function isServed(version: string, asksMetadata: boolean, { name }: Mount): boolean {
  if (name === "kv1") return version === "" && !asksMetadata;
  return version === "" || (/^[1-9]\d{0,9}$/.test(version) && !asksMetadata);
}

function hasFault(path: string): boolean {
  return /[\p{Cc}?#%\\]/u.test(path) || path.split("/").some((segment) => ["", ".", ".."].includes(segment));
}

function belowMount(key: string, { name }: Mount): string {
  const prefix = name === "kv" && key.startsWith("kv/data/") ? "kv/data/" : `${name}/`;
  return key.startsWith(prefix) && key.length > prefix.length ? key.slice(prefix.length) : key;
}

function isAllowed(path: string, { name, namespace }: Mount): boolean {
  return path.startsWith(`${namespace}/`) && !(name === "kv" && path.startsWith(`${namespace}/${DENIED_FOLDER}/`));
}

function propertyOf(values: object, property: string): NodeReading {
  if (property === "") return { kind: "node", node: values };
  if (property.includes("\\")) return beyond("escapes in a property");
  if (Object.hasOwn(values, property)) return { kind: "node", node: valueAt(values, property) };
  if (/[*?|#@![{]/.test(property)) return failed("InvalidReference", "PropertyNotFound");
  const node = property.split(".").reduce<unknown>(childOf, values);
  return node === undefined ? failed("PropertyNotFound") : { kind: "node", node };
}

function childOf(node: unknown, name: string): unknown {
  if (Array.isArray(node)) return /^\d+$/.test(name) ? valueAt(node, Number(name)) : undefined;
  return isRecord(node) && Object.hasOwn(node, name) ? node[name] : undefined;
}

function members(read: NodeReading): Reading {
  if (read.kind !== "node") return read;
  if (!isRecord(read.node) || Object.keys(read.node).length === 0) return failed("MalformedPayload");
  return { kind: "values", values: new Map(Object.entries(read.node).map(([name, node]) => [name, bytesOf(node)])) };
}

/** Patterns that mean the same to RE2 and to JavaScript. */
const PLAIN_PATTERN = /^(?:[A-Za-z0-9_/^$.*+()|-]|\[\^?[A-Za-z0-9/-]+\])*$/;

function plainPattern(source = ""): RegExp | undefined {
  try {
    return PLAIN_PATTERN.test(source) ? new RegExp(source, "g") : undefined;
  } catch {
    return undefined; // RE2 takes a few that JavaScript does not, such as `^*`.
  }
}

function readFind(find: unknown, mount: Mount): Reading {
  const tags = Object.entries(valueAt(find, "tags") ?? {});
  const folder = (optionalTextAt(find, "path") ?? "").replace(/\/$/, "");
  const isWrong = folder !== "" && hasFault(folder);
  if (isWrong || (tags.length > 0 && mount.name === "kv1")) return failed("InvalidReference");
  const path = belowMount(folder, mount);
  if (!isListable(path, mount)) return failed("AccessDenied");
  const pattern = plainPattern(optionalTextAt(find, "name", "regexp"));
  if (pattern === undefined) return beyond("a pattern of find");
  const found = [...mount.secrets].filter(([key]) => key.startsWith(`${path}/`) && key.search(pattern) >= 0);
  const values = found
    .filter(([, secret]) => tags.every(([name, text]) => secret.tags[name] === text))
    .flatMap(([key, { versions }]) => versions.slice(-1).map(({ state, values: content }) => ({ key, state, content })))
    .filter(({ state }) => state === "live")
    .map(({ key, content }) => [key, bytesOf(content)] as const);
  return values.length === 0 ? { kind: "empty" } : { kind: "values", values: new Map(values) };
}

/** All of it: a list that meets a denied folder fails. */
function isListable(path: string, mount: Mount): boolean {
  const meetsDenied = mount.name === "kv" && path === mount.namespace;
  return isAllowed(`${path}/`, mount) && !meetsDenied;
}

/** Names as keys of a Secret, then decoded. */
function named(read: Reading, rules: unknown, rewrite: unknown): Reading {
  if (read.kind !== "values") return read;
  const steps = listAt(rewrite).map((step) => ({
    source: plainPattern(optionalTextAt(step, "regexp", "source")),
    target: optionalTextAt(step, "regexp", "target") ?? "",
  }));
  if (steps.some(({ source, target }) => source === undefined || !/^[\w./-]*(\$1)?$/.test(target)))
    return beyond("a rewrite rule");
  const rename = (name: string): string => {
    if (steps.length === 0) return converted(name, valueAt(rules, "conversionStrategy") === "Unicode");
    return steps.reduce((text, { source, target }) => text.replaceAll(source ?? /$^/g, target), name);
  };
  const keys = [...read.values].map(([name, bytes]) => [rename(name), bytes] as const);
  const isLegal = keys.every(([key]) => /^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$/.test(key) && key.length <= 253);
  const values = new Map(keys);
  return isLegal && values.size === keys.length ? decoded(values, rules) : failed("MalformedPayload");
}

function decoded(values: ReadonlyMap<string, Buffer>, rules: unknown): Reading {
  const strategy = optionalTextAt(rules, "decodingStrategy") ?? "None";
  const results = [...values].map(([key, bytes]) => [key, decodedBytes(bytes, strategy)] as const);
  const good = results.flatMap(([key, bytes]) => (bytes === undefined ? [] : [[key, bytes] as const]));
  const mayHoldNul = valueAt(rules, "nullBytePolicy") !== "Fail";
  const isGood = good.length === results.length && (mayHoldNul || good.every(([, bytes]) => !bytes.includes(0)));
  return isGood ? { kind: "values", values: new Map(good) } : failed("MalformedPayload");
}
