// Specs of SecretStores and ClusterSecretStores, valid and not, with the verdict of admission.

import { ruleMessages, textRules } from "../../src/core/spec/rules.ts";
import { CA_BUNDLE } from "./ca-bundle.ts";
import { ACCEPTED, clusterSecretStore, type Manifest, type SpecVector, secretStore } from "./spec-vector.ts";
import { vaultAuthVectors } from "./vault-auth-vectors.ts";

const key = { name: "creds", key: "id" };
const foreignKey = { ...key, namespace: "team-b" };
const appRole = (changes: object = {}) => ({ auth: { appRole: { roleId: "role", secretRef: key, ...changes } } });
const kubernetes = (changes: object) => ({ auth: { kubernetes: { role: "app", ...changes } } });
const serviceAccountRef = { name: "app" };
const caProvider = { type: "ConfigMap", name: "ca", key: "ca.crt" };

function vector(name: string, object: Manifest, verdict: string = ACCEPTED): SpecVector {
  return { name: `${object.kind}: ${name}`, object, verdict };
}

const goodServers = ["https://vault", "https://vault.example.com:8200/", "http://127.0.0.1:8200", "https://[::1]:8200"];
const badServers = [
  "vault.example.com",
  "ftp://vault",
  "https://",
  "https://user:pw@vault",
  "https://vault/path",
  "https://vault?x=y",
  "https://vault#x",
  "https://vault:",
  "https://vault:x",
  "https://va ult",
  "https://vault\nx",
];
const goodPaths = ["kv", "/kv/", "team/kv", "a.b/c..d", "x=y+z@w:~_-"];
const badPaths = ["/", "a//b", ".", "..", "a/../b", "a/./b", "a?b", "a#b", "a%2eb", "a b", "a\nb", "ä"];

export const secretStoreVectors: readonly SpecVector[] = [
  vector("the least that works", secretStore({ path: undefined })),
  vector(
    "every field that is served",
    secretStore(
      {
        version: "v1",
        namespace: "team/a",
        caBundle: CA_BUNDLE,
        caProvider,
        auth: {
          namespace: "root",
          kubernetes: { mountPath: "k8s/prod", role: "app", serviceAccountRef: { name: "app", audiences: ["vault"] } },
        },
      },
      { controller: "default", refreshInterval: "10m", limits: { requestsPerSecond: 10, maxInFlight: 2 } },
    ),
  ),
  ...goodServers.map((server) => vector(`server ${server}`, secretStore({ server }))),
  ...badServers.map((server) =>
    vector(`server ${JSON.stringify(server)}`, secretStore({ server }), textRules.serverUrl.message),
  ),
  ...goodPaths.map((path) => vector(`path ${path}`, secretStore({ path, namespace: path }))),
  ...badPaths.map((path) => vector(`path ${JSON.stringify(path)}`, secretStore({ path }), textRules.vaultPath.message)),
  vector("Vault namespace of an illegal form", secretStore({ namespace: "../a" }), textRules.vaultPath.message),
  vector("no provider", secretStore({}, { provider: undefined }), ruleMessages.oneProvider),
  vector("an empty provider", secretStore({}, { provider: {} }), ruleMessages.oneProvider),
  vector("no way to log in", secretStore({ auth: {} }), ruleMessages.oneAuth),
  vector(
    "two ways to log in",
    secretStore({ auth: { tokenSecretRef: key, appRole: { roleId: "role", secretRef: key } } }),
    ruleMessages.oneAuth,
  ),
  vector("AppRole with a role id", secretStore(appRole())),
  vector("AppRole with a reference", secretStore(appRole({ roleId: undefined, roleRef: key }))),
  vector("AppRole without a role id", secretStore(appRole({ roleId: undefined })), ruleMessages.oneRoleId),
  vector("AppRole with two role ids", secretStore(appRole({ roleRef: key })), ruleMessages.oneRoleId),
  vector("Kubernetes auth by ServiceAccount", secretStore(kubernetes({ serviceAccountRef }))),
  vector("Kubernetes auth by Secret", secretStore(kubernetes({ secretRef: { name: "sa-token" } }))),
  vector(
    "Kubernetes auth by both",
    secretStore(kubernetes({ serviceAccountRef, secretRef: key })),
    ruleMessages.oneIdentity,
  ),
  vector("the operator's own identity", secretStore(kubernetes({})), ruleMessages.ownIdentity),
  ...[
    secretStore({ auth: { tokenSecretRef: foreignKey } }),
    secretStore(appRole({ secretRef: foreignKey })),
    secretStore(appRole({ roleId: undefined, roleRef: foreignKey })),
    secretStore(kubernetes({ serviceAccountRef: { name: "app", namespace: "team-b" } })),
    secretStore(kubernetes({ secretRef: foreignKey })),
    secretStore({ caProvider: { ...caProvider, namespace: "team-b" } }),
  ].map((object, index) => vector(`a namespace in reference ${index}`, object, ruleMessages.foreignNamespace)),
  ...vaultAuthVectors,
  vector("refreshInterval 0", secretStore({}, { refreshInterval: 0 })),
  vector("refreshInterval in seconds", secretStore({}, { refreshInterval: 300 })),
  vector("refreshInterval of a year", secretStore({}, { refreshInterval: 31_536_000 })),
  vector("refreshInterval of more", secretStore({}, { refreshInterval: 31_536_001 }), ruleMessages.storeInterval),
  vector("negative refreshInterval", secretStore({}, { refreshInterval: -1 }), ruleMessages.storeInterval),
  vector("refreshInterval that is empty", secretStore({}, { refreshInterval: "" }), ruleMessages.storeInterval),
  ...[1.5, true].map((refreshInterval) => ({
    ...vector(
      `refreshInterval ${refreshInterval}`,
      secretStore({}, { refreshInterval }),
      "must be of type integer,string",
    ),
    parserVerdict: "must be a whole number or a string",
  })),
  {
    ...vector("a budget of nothing", secretStore({}, { limits: { maxInFlight: 0 } }), "greater than or equal to 1"),
    parserVerdict: "must be between 1 and 1000",
  },
  {
    ...vector("a port too high", secretStore({ server: "https://vault:99999" })),
    parserVerdict: "give the server as https",
  },
  {
    ...vector("caBundle without certificates", secretStore({ caBundle: "eA==" })),
    parserVerdict: "caBundle must be the base64 of PEM",
  },
  {
    ...vector("caBundle that is no base64", secretStore({ caBundle: "-----BEGIN" }), "must be of type byte"),
    parserVerdict: "caBundle must be the base64 of PEM",
  },
];

const conditions = (...items: readonly object[]) => clusterSecretStore({}, { conditions: items });
const requirement = (operator: string, values?: readonly string[]) =>
  conditions({ namespaceSelector: { matchExpressions: [{ key: "team", operator, ...(values && { values }) }] } });

export const clusterSecretStoreVectors: readonly SpecVector[] = [
  vector("the least that works", clusterSecretStore({})),
  vector("no conditions", clusterSecretStore({}, { conditions: undefined }), ruleMessages.noConditions),
  vector("empty conditions", conditions(), ruleMessages.noConditions),
  vector("an empty condition", conditions({}), ruleMessages.emptyCondition),
  vector("all namespaces", conditions({ namespaceSelector: {} })),
  vector(
    "every kind of condition",
    conditions(
      { namespaces: ["team-a", "team-b"], namespaceRegexes: ["team-.*"] },
      { namespaceSelector: { matchLabels: { team: "a" } } },
    ),
  ),
  vector("operator In", requirement("In", ["a"])),
  vector("operator In without values", requirement("In"), ruleMessages.selectorValues),
  vector("operator NotIn with empty values", requirement("NotIn", []), ruleMessages.selectorValues),
  vector("operator Exists", requirement("Exists")),
  vector("operator DoesNotExist with values", requirement("DoesNotExist", ["a"]), ruleMessages.selectorValues),
  vector("a namespace of an illegal name", conditions({ namespaces: ["team.a"] }), textRules.namespaceName.message),
  {
    ...vector("an invalid pattern", conditions({ namespaceRegexes: ["a)|(b"] })),
    parserVerdict: "invalid regular expression",
  },
  vector("the operator's own identity", clusterSecretStore(kubernetes({}))),
  vector("references into a namespace", clusterSecretStore({ auth: { tokenSecretRef: foreignKey } })),
  vector("caProvider in a namespace", clusterSecretStore({ caProvider: { ...caProvider, namespace: "team-b" } })),
  vector("caProvider without a namespace", clusterSecretStore({ caProvider }), ruleMessages.caNamespace),
];
