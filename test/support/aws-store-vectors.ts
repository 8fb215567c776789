// Specs of stores at AWS, valid and not, with the verdict of admission.

import { ruleMessages, textRules } from "../../src/core/spec/rules.ts";
import { ACCEPTED, clusterSecretStore, type Manifest, type SpecVector, secretStore } from "./spec-vector.ts";

type Fields = Readonly<Record<string, unknown>>;

const key = { name: "aws", key: "id" };
const secretRef = { accessKeyIDSecretRef: key, secretAccessKeySecretRef: { name: "aws", key: "secret" } };
const jwt = { serviceAccountRef: { name: "app" } };
const role = "arn:aws:iam::123456789012:role/team/reader";
const sessionTags = [{ key: "team", value: "a" }];

const aws = (changes: Fields) => ({ provider: { aws: { region: "eu-west-1", auth: { secretRef }, ...changes } } });
const store = (changes: Fields = {}): Manifest => secretStore({}, aws(changes));
const clusterStore = (changes: Fields = {}): Manifest => clusterSecretStore({}, aws(changes));

function vector(name: string, object: Manifest, verdict: string = ACCEPTED): SpecVector {
  return { name: `${object.kind} at AWS: ${name}`, object, verdict };
}

const goodRegions = ["eu-west-1", "us-gov-west-1", "cn-north-1", "ap-southeast-7", "eusc-de-east-1"];
const badRegions = ["", "eu", "EU-WEST-1", "eu-west-1.evil.example", "eu-west-1/", "eu-west-1\nx", "eu west-1"];
const badRoles = ["reader", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x", `${role}\nx`];

export const awsStoreVectors: readonly SpecVector[] = [
  vector("keys from a Secret", store()),
  vector("keys with a session token", store({ auth: { secretRef: { ...secretRef, sessionTokenSecretRef: key } } })),
  vector("a ServiceAccount", store({ auth: { jwt } })),
  vector(
    "every field that is served",
    store({
      ...{ service: "ParameterStore", prefix: "/team-a/", endpoint: "https://vpce.example.com/" },
      ...{ stsEndpoint: "https://sts.example.com:8443", auth: { jwt }, role, additionalRoles: [role] },
      ...{ externalID: "ext-1", sessionTags, transitiveTagKeys: ["team"] },
    }),
  ),
  ...goodRegions.map((region) => vector(`region ${region}`, store({ region }))),
  ...badRegions.map((region) => ({
    ...vector(
      `region ${JSON.stringify(region)}`,
      store({ region }),
      region === "" ? "at least 1" : textRules.awsRegion.message,
    ),
    ...(region === "" ? { parserVerdict: "must not be empty" } : {}),
  })),
  ...badRoles.map((arn) => vector(`role ${JSON.stringify(arn)}`, store({ role: arn }), textRules.roleArn.message)),
  vector("a bad role before the last", store({ additionalRoles: ["reader"] }), textRules.roleArn.message),
  vector("a prefix with a space", store({ prefix: "a b" }), textRules.awsName.message),
  vector("an endpoint with a path", store({ endpoint: "https://aws/path" }), textRules.serverUrl.message),
  vector("an external id with a space", store({ role, externalID: "a b" }), textRules.externalId.message),
  vector("no way to log in", store({ auth: undefined }), ruleMessages.ownAwsIdentity),
  vector("an empty way to log in", store({ auth: {} }), ruleMessages.ownAwsIdentity),
  vector("two ways to log in", store({ auth: { secretRef, jwt } }), ruleMessages.ownAwsIdentity),
  vector("two ways to log in", clusterStore({ auth: { secretRef, jwt } }), ruleMessages.oneAwsAuth),
  vector("the operator's own identity", clusterStore({ auth: undefined })),
  vector("the operator's own identity, with a role", clusterStore({ auth: undefined, role })),
  vector("an empty way to log in", clusterStore({ auth: {} })),
  ...[{ externalID: "ext-1" }, { sessionTags }, { transitiveTagKeys: ["team"] }].map((changes) =>
    vector(`${Object.keys(changes).join()} without a role`, store(changes), ruleMessages.roleSettings),
  ),
  vector(
    "a namespace in a key",
    store({ auth: { secretRef: { ...secretRef, accessKeyIDSecretRef: { ...key, namespace: "team-b" } } } }),
    ruleMessages.foreignNamespace,
  ),
  vector(
    "a namespace of a ServiceAccount",
    store({ auth: { jwt: { serviceAccountRef: { name: "app", namespace: "team-b" } } } }),
    ruleMessages.foreignNamespace,
  ),
  vector(
    "references into a namespace",
    clusterStore({ auth: { jwt: { serviceAccountRef: { name: "app", namespace: "team-b" } } } }),
  ),
  {
    ...vector("a service that is not served", store({ service: "CertificateManager" }), "Unsupported value"),
    parserVerdict: "must be one of SecretsManager, ParameterStore",
  },
  {
    ...vector(
      "two session tags of one key",
      store({ role, sessionTags: [...sessionTags, ...sessionTags] }),
      "Duplicate value",
    ),
    parserVerdict: "duplicate key",
  },
  vector(
    "beside another provider",
    secretStore(
      {},
      { provider: { ...aws({}).provider, vault: { server: "https://vault", auth: { tokenSecretRef: key } } } },
    ),
    ruleMessages.oneProvider,
  ),
];
