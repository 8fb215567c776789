// Specs of ExternalSecrets, valid and not, with the verdict of admission.

import { ruleMessages, textRules } from "../../src/core/spec/rules.ts";
import { ACCEPTED, entry, externalSecret, type SpecVector } from "./spec-vector.ts";

const ownStore = { sourceRef: { storeRef: { name: "other" } } };

function accepted(name: string, spec: Parameters<typeof externalSecret>[0]): SpecVector {
  return { name, object: externalSecret(spec), verdict: ACCEPTED };
}

function refused(name: string, spec: Parameters<typeof externalSecret>[0], verdict: string): SpecVector {
  return { name, object: externalSecret(spec), verdict };
}

/** Refused by structure: the API server and the parser each have their own words. */
function malformed(
  name: string,
  spec: Parameters<typeof externalSecret>[0],
  [verdict, parserVerdict]: readonly [string, string],
): SpecVector {
  return { name, object: externalSecret(spec), verdict, parserVerdict };
}

const everything = {
  secretStoreRef: { name: "vault", kind: "ClusterSecretStore" },
  refreshPolicy: "OnChange",
  refreshInterval: "15m",
  suspend: true,
  target: {
    name: "db-credentials",
    creationPolicy: "Orphan",
    deletionPolicy: "Delete",
    immutable: true,
    template: {
      type: "kubernetes.io/tls",
      metadata: { labels: { team: "a" }, annotations: { "example.com/x": "y z" } },
    },
  },
  data: [
    {
      secretKey: "password",
      remoteRef: {
        key: "app/db",
        property: "pass.word",
        version: "3",
        decodingStrategy: "Base64",
        metadataPolicy: "Fetch",
        conversionStrategy: "Unicode",
        nullBytePolicy: "Fail",
      },
      sourceRef: { storeRef: { name: "other", kind: "SecretStore" } },
    },
  ],
  dataFrom: [
    { extract: { key: "app/all", decodingStrategy: "Auto" }, ...ownStore },
    {
      find: { path: "app", name: { regexp: "^db-" }, tags: { team: "a" }, conversionStrategy: "Default" },
      rewrite: [{ regexp: { source: "-(.*)", target: "_$1" } }, { regexp: { source: "x", target: "" } }],
    },
  ],
};

const policies = ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"] as const;
const policyVectors = policies.flatMap((creationPolicy) =>
  (["Retain", "Delete", "Merge"] as const).map((deletionPolicy) => ({
    name: `creationPolicy ${creationPolicy} with deletionPolicy ${deletionPolicy}`,
    object: externalSecret({ target: { creationPolicy, deletionPolicy } }),
    verdict: policyVerdict(creationPolicy, deletionPolicy),
  })),
);

function policyVerdict(creation: string, deletion: string): string {
  if (deletion === "Delete" && ["Merge", "CreateOrMerge", "None"].includes(creation)) return ruleMessages.deletePolicy;
  return deletion === "Merge" && creation === "None" ? ruleMessages.mergePolicy : ACCEPTED;
}

const goodSecretKeys = ["a", ".a", "a.", "a..b", "-", "_", "tls.crt", ".dockerconfigjson", "A-Z_9", "a".repeat(253)];
const badSecretKeys = [".", "..", "..a", "a/b", "a b", "ä", "a\n", "a:b"];

const template = (changes: object) => ({ target: { template: changes } });
const many = (count: number) => Array.from({ length: count }, (_, index) => entry(`key-${index}`, "app/db"));

export const externalSecretVectors: readonly SpecVector[] = [
  accepted("the least that works", {}),
  accepted("every field that is served", everything),
  accepted("absent values as null", { target: null, suspend: null, data: [entry("a", "b", { sourceRef: null })] }),
  ...policyVectors,
  ...goodSecretKeys.map((key) => accepted(`secretKey ${key.slice(0, 20)}`, { data: [entry(key, "app/db")] })),
  ...badSecretKeys.map((key) =>
    refused(`secretKey ${JSON.stringify(key)}`, { data: [entry(key, "app/db")] }, textRules.secretKey.message),
  ),
  malformed("secretKey too long", { data: [entry("a".repeat(254), "app/db")] }, ["Too long", "at most 253 characters"]),
  malformed("secretKey empty", { data: [entry("", "app/db")] }, ["at least 1 chars long", "must not be empty"]),
  malformed("two entries of one secretKey", { data: [entry("a", "x"), entry("a", "y")] }, [
    "Duplicate value",
    "duplicate secretKey",
  ]),
  refused("neither data nor dataFrom", { data: undefined }, ruleMessages.noSource),
  refused("empty data and dataFrom", { data: [], dataFrom: [] }, ruleMessages.noSource),
  accepted("256 entries", { data: many(256) }),
  malformed("257 entries", { data: many(257) }, ["must have at most 256 items", "at most 256 items"]),
  malformed("65 sources", { dataFrom: Array.from({ length: 65 }, () => ({ extract: { key: "a" } })) }, [
    "must have at most 64 items",
    "at most 64 items",
  ]),
  refused("a source with neither extract nor find", { dataFrom: [{}] }, ruleMessages.oneSource),
  refused("a source of rewrite only", { dataFrom: [{ rewrite: [] }] }, ruleMessages.oneSource),
  refused(
    "a source with extract and find",
    { dataFrom: [{ extract: { key: "a" }, find: {} }] },
    ruleMessages.oneSource,
  ),
  accepted("a find of everything", { dataFrom: [{ find: {} }] }),
  refused("empty sourceRef of data", { data: [entry("a", "b", { sourceRef: {} })] }, ruleMessages.emptySourceRef),
  refused(
    "empty sourceRef of dataFrom",
    { dataFrom: [{ extract: { key: "a" }, sourceRef: {} }] },
    ruleMessages.emptySourceRef,
  ),
  refused("no store at all", { secretStoreRef: undefined }, ruleMessages.noStore),
  refused(
    "a store on one entry only",
    { secretStoreRef: undefined, data: [entry("a", "b", ownStore), entry("c", "d")] },
    ruleMessages.noStore,
  ),
  refused(
    "a store on data only",
    { secretStoreRef: undefined, data: [entry("a", "b", ownStore)], dataFrom: [{ find: {} }] },
    ruleMessages.noStore,
  ),
  accepted("a store on every entry", {
    secretStoreRef: undefined,
    data: [entry("a", "b", ownStore)],
    dataFrom: [{ find: {}, ...ownStore }],
  }),
  refused("a store of an illegal name", { secretStoreRef: { name: "Vault_1" } }, textRules.objectName.message),
  malformed("a store of another kind", { secretStoreRef: { name: "vault", kind: "Store" } }, [
    "Unsupported value",
    "must be one of SecretStore, ClusterSecretStore",
  ]),
  malformed("a store without a name", { secretStoreRef: {} }, ["Required value", "is required"]),
  malformed("an empty remote key", { data: [entry("a", "")] }, ["at least 1 chars long", "must not be empty"]),
  malformed("an entry without remoteRef", { data: [{ secretKey: "a" }] }, ["Required value", "is required"]),
  malformed(
    "an unknown decodingStrategy",
    { data: [{ secretKey: "a", remoteRef: { key: "b", decodingStrategy: "Rot13" } }] },
    ["Unsupported value", "must be one of None, Base64, Base64URL, Auto"],
  ),
  malformed("data that is no list", { data: "text" }, ["must be of type array", "must be a list"]),
  malformed("suspend that is no boolean", { suspend: "yes" }, ["must be of type boolean", "must be true or false"]),
  malformed("refreshInterval that is a number", { refreshInterval: 60 }, [
    "must be of type string",
    "must be a string",
  ]),
  malformed("refreshInterval that is empty", { refreshInterval: "" }, ["at least 1 chars long", "must not be empty"]),
  ...["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"].map((type) =>
    refused(`Secret type ${type}`, template({ type }), ruleMessages.secretType),
  ),
  accepted("an own Secret type", template({ type: "example.com/own" })),
  accepted("an empty Secret type", template({ type: "" })),
  refused(
    "template syntax in a label",
    template({ metadata: { labels: { a: "{{ .x }}" } } }),
    ruleMessages.templateSyntax,
  ),
  refused(
    "template syntax in an annotation",
    template({ metadata: { annotations: { a: "x{{y" } } }),
    ruleMessages.templateSyntax,
  ),
  refused(
    "an annotation of ours",
    template({ metadata: { annotations: { "fairlead.dev/adopt": "x" } } }),
    ruleMessages.ownMetadata,
  ),
  refused(
    "a label of ours",
    template({ metadata: { labels: { "fairlead.dev/managed": "false" } } }),
    ruleMessages.ownMetadata,
  ),
  ...["not a name", "", "-a", "a/b/c", "Example.com/a", "n".repeat(64), `${"p".repeat(250)}/a.b`, "a/"].map((name) =>
    refused(
      `a label named ${name.slice(0, 20)}`,
      template({ metadata: { labels: { [name]: "x" } } }),
      ruleMessages.metadataName,
    ),
  ),
  ...["not a name", "", "a/b/c", "n".repeat(64)].map((name) =>
    refused(
      `an annotation named ${name.slice(0, 20)}`,
      template({ metadata: { annotations: { [name]: "x" } } }),
      ruleMessages.metadataName,
    ),
  ),
  ...["not a value!", "-", "a-", "ä"].map((text) =>
    refused(`the label value ${text}`, template({ metadata: { labels: { a: text } } }), ruleMessages.labelValue),
  ),
  accepted(
    "names and values at their limits",
    template({
      metadata: {
        labels: {
          ["n".repeat(63)]: "v".repeat(63),
          "a.example.com/A_b-c.d": "",
          [`${"p".repeat(189)}/${"n".repeat(63)}`]: "A_b-c.d",
        },
        annotations: { "Example.COM/A_b-c.d": "any text: ä\n" },
      },
    }),
  ),
  malformed("a label value too long", template({ metadata: { labels: { a: "x".repeat(64) } } }), [
    "Too long",
    "at most 63 characters",
  ]),
  refused("a target of an illegal name", { target: { name: "-db" } }, textRules.objectName.message),
  refused("a tag without a name", { dataFrom: [{ find: { tags: { "": "a" } } }] }, ruleMessages.tagName),
  refused("a tag of a long name", { dataFrom: [{ find: { tags: { ["t".repeat(129)]: "a" } } }] }, ruleMessages.tagName),
  {
    ...accepted("an invalid pattern in find", { dataFrom: [{ find: { name: { regexp: "(" } } }] }),
    parserVerdict: "invalid regular expression",
  },
  {
    ...accepted("an invalid pattern in rewrite", {
      dataFrom: [{ find: {}, rewrite: [{ regexp: { source: "(?=a)", target: "" } }] }],
    }),
    parserVerdict: "invalid regular expression",
  },
  {
    ...accepted("a pattern that is too large", {
      dataFrom: [{ find: { name: { regexp: "(a{1000}){1}".repeat(40) } } }],
    }),
    parserVerdict: "too large a regular expression",
  },
];
