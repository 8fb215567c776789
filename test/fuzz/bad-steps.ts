// Steps to specs that admission takes and that cannot be served as they are: what they name is not there, not allowed,
// not of the form asked for, or not ours.

import { clusterStoreNames, NEIGHBOUR } from "./fuzz-site.ts";
import { keyOf, type SpecContext, withEntry, withFields, withSource, withTarget } from "./spec-parts.ts";
import type { StepMaker } from "./steps.ts";

type Fields = Readonly<Record<string, unknown>>;

/** One more entry, made of this remoteRef. */
function entryStep(kind: string, remoteRef: (context: SpecContext) => Fields): StepMaker {
  return { kind, make: (good, context) => withEntry(good, remoteRef(context)) };
}

/** One more source. */
function sourceStep(kind: string, source: (context: SpecContext) => Fields): StepMaker {
  return { kind, make: (good, context) => withSource(good, source(context)) };
}

function storeStep(kind: string, storeRef: (context: SpecContext) => Fields): StepMaker {
  return {
    kind,
    make: (good, context) => {
      const ref = storeRef(context);
      const entry = { key: keyOf(context, "app/db"), property: "password" };
      return context.dice.chance(0.5)
        ? withFields(good, { secretStoreRef: ref })
        : withEntry(good, entry, { sourceRef: { storeRef: ref } });
    },
  };
}

function templateStep(kind: string, template: (context: SpecContext) => Fields): StepMaker {
  return { kind, make: (good, context) => withTarget(good, { template: template(context) }) };
}

/** Everything that it reads is absent. */
function absent(context: SpecContext): Fields {
  return { data: [{ secretKey: "fuzzed", remoteRef: { key: keyOf(context, "app/nowhere") } }], dataFrom: [] };
}

/** `(x{1000}){…}` is of this many instructions, and matches nothing that is there. */
const LARGE_PATTERN = "(a{1000}){1}".repeat(40);

export const badSteps: readonly StepMaker[] = [
  entryStep("a key that is not there", (context) => ({
    key: keyOf(context, context.dice.pick(["app/nowhere", "app"])),
  })),
  entryStep("a deleted key", (context) => ({ key: keyOf(context, context.dice.pick(["app/gone", "app/half"])) })),
  entryStep("a destroyed key", (context) => ({ key: keyOf(context, "app/destroyed") })),
  entryStep("a denied key", ({ dice, namespace }) => ({
    key: dice.pick([`${namespace}/denied/key`, "another-team/db"]),
  })),
  entryStep("a property that is not there", (context) => ({
    key: keyOf(context, "app/db"),
    property: context.dice.pick(["nope", "nested.nope", "nested.list.9", "username.x", "nested..deep", "."]),
  })),
  entryStep("a version that is not there", (context) => ({ key: keyOf(context, "app/db"), version: "99" })),
  entryStep("a version that is no number", ({ dice, ...context }) => ({
    key: keyOf({ dice, ...context }, "app/db"),
    version: dice.pick(["latest", "0", "-1", "v1", "99999999999"]),
  })),
  entryStep("metadata of a version", (context) => ({
    key: keyOf(context, "app/db"),
    version: "1",
    metadataPolicy: "Fetch",
  })),
  entryStep("a property that is a query", (context) => ({
    key: keyOf(context, "app/db"),
    property: context.dice.pick(["nested.*", "nested.list.#", "user?ame", "nested|@pretty", "@this"]),
  })),
  entryStep("a key that is no path", ({ dice, namespace }) => ({
    key: dice.pick([
      `${namespace}/../x`,
      `${namespace}//x`,
      `/${namespace}/x`,
      `${namespace}/a?b`,
      "..",
      "a%2fb",
      "a\u0007b",
    ]),
  })),
  entryStep("a value that is not base64", (context) => ({
    key: keyOf(context, "app/coded"),
    property: "text",
    decodingStrategy: context.dice.pick(["Base64", "Base64URL"]),
  })),
  entryStep("a value with NUL", (context) => ({
    key: keyOf(context, "app/nul"),
    property: "text",
    nullBytePolicy: "Fail",
  })),
  sourceStep("names that become one key", (context) => ({ extract: { key: keyOf(context, "app/collide") } })),
  sourceStep("names that are no keys", (context) => ({ extract: { key: keyOf(context, "app/odd") } })),
  sourceStep("an extract of a value", (context) => ({
    extract: { key: keyOf(context, "app/db"), property: "password" },
  })),
  sourceStep("a rewrite that makes no keys", (context) => ({
    find: { path: keyOf(context, "find") },
    rewrite: [{ regexp: { source: context.dice.pick(["-", "^.*$"]), target: context.dice.pick(["", "x", ".."]) } }],
  })),
  sourceStep("a find that may not list", ({ dice }) => ({
    find: dice.pick<Fields>([{}, { path: "another-team" }, { path: "kv" }]),
  })),
  sourceStep("a find without a match", (context) => ({
    find: {
      path: keyOf(context, "find"),
      ...context.dice.pick([{ name: { regexp: "^nothing$" } }, { tags: { tier: "none" } }]),
    },
  })),
  sourceStep("a find that is no path", ({ dice, namespace }) => ({
    find: { path: dice.pick([`${namespace}/..`, "a//b", "/a"]) },
  })),
  sourceStep("an invalid pattern", (context) => ({
    find: {
      path: keyOf(context, "find"),
      name: { regexp: context.dice.pick(["(", "a{2,1}", "[z-a]", "(?=a)", "*", "\\8"]) },
    },
  })),
  sourceStep("an invalid rewrite", (context) => ({
    extract: { key: keyOf(context, "app/db") },
    rewrite: [{ regexp: { source: context.dice.pick(["(?<a", "a**", "\\pX"]), target: "" } }],
  })),
  sourceStep("a pattern that is too large", (context) => ({
    find: { path: keyOf(context, "find"), name: { regexp: LARGE_PATTERN } },
  })),
  storeStep("a store that is not there", ({ dice }) => ({
    name: "nowhere",
    kind: dice.pick(["SecretStore", "ClusterSecretStore"]),
  })),
  storeStep("a store that may not be used", ({ namespace }) => ({
    name: clusterStoreNames(namespace).closed,
    kind: "ClusterSecretStore",
  })),
  storeStep("a store without a login", () => ({ name: "locked" })),
  storeStep("a store that is not ready", () => ({ name: "mismatched" })),
  {
    kind: "what KV v1 does not have",
    make: (good, context) => {
      const key = keyOf(context, "app/db");
      const sourceRef = { storeRef: { name: "vault1" } };
      return context.dice.pick([
        withEntry(good, { key, version: "1" }, { sourceRef }),
        withEntry(good, { key, metadataPolicy: "Fetch" }, { sourceRef }),
        withSource(good, { find: { path: keyOf(context, "app"), tags: { tier: "db" } }, sourceRef }),
      ]);
    },
  },
  {
    kind: "a Secret of somebody else",
    make: (good, { dice, names }) =>
      withTarget(good, {
        name: names.foreign,
        creationPolicy: dice.pick(["Owner", "Orphan"]),
        deletionPolicy: "Retain",
      }),
  },
  {
    kind: "the neighbour's Secret",
    make: (good, { dice }) => {
      const creationPolicy = dice.pick(["Owner", "Orphan", "Merge", "CreateOrMerge"]);
      const refreshPolicy = dice.pick(["Periodic", "Periodic", "CreatedOnce"]);
      return withFields(withTarget(good, { name: NEIGHBOUR, creationPolicy, deletionPolicy: "Retain" }), {
        refreshPolicy,
      });
    },
  },
  templateStep("too many annotations", () => ({
    metadata: {
      annotations: Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`n${index}`, "x".repeat(4096)])),
    },
  })),
  {
    kind: "a type that lacks its keys",
    make: (good, { names }) => withTarget(good, { name: names.other, template: { type: "kubernetes.io/tls" } }),
  },
  {
    kind: "confirmed absence",
    isForced: true,
    make: (good, context) => withFields(good, absent(context)),
  },
  {
    kind: "confirmed absence of one",
    isForced: true,
    make: (good, context) => withEntry(good, { key: keyOf(context, "app/gone") }),
  },
  {
    kind: "confirmed absence of all that is found",
    isForced: true,
    make: (good, context) =>
      withFields(good, {
        data: [],
        dataFrom: [{ find: { path: keyOf(context, "find"), name: { regexp: "^nothing$" } } }],
      }),
  },
];
