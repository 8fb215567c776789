// The wording of what a spec must be, and the patterns behind it: one source for the CEL rules of the CRDs (tools/crds)
// and for the parsers. Patterns stay inside the subset that RE2 and JavaScript read alike, and are always anchored.

/** A text rule: `pattern` matches the whole text, or `message` says what to do. */
interface TextRule {
  readonly pattern: string;
  readonly message: string;
}

const VAULT_SEGMENT = String.raw`\.*[-_~@+=:A-Za-z0-9][-._~@+=:A-Za-z0-9]*`;
const DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
/** Of letters of either case: Kubernetes takes these before the slash of an annotation's name. */
const MIXED_LABEL = "[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?";
const METADATA_TEXT = "[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?";
/** At most three decimals: all values are whole microseconds, and the sum stays below 2^63 nanoseconds, CEL's limit. */
const DURATION = ["h:5", "m:7", "s:9", "ms:12"]
  .map((unit) => unit.split(":"))
  .map(([unit, digits]) => String.raw`([0-9]{1,${digits ?? ""}}(\.[0-9]{1,3})?${unit ?? ""})?`)
  .join("");

export const textRules = {
  secretKey: {
    pattern: String.raw`^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$`,
    message: "a secretKey has only letters, digits, '-', '_' and '.', is not '.', and does not start with '..'",
  },
  objectName: {
    pattern: String.raw`^${DNS_LABEL}(\.${DNS_LABEL})*$`,
    message: "give the name of a Kubernetes object: lower case letters, digits, '-' and '.'",
  },
  namespaceName: {
    pattern: `^${DNS_LABEL}$`,
    message: "give the name of a namespace: lower case letters, digits and '-'",
  },
  dataKey: {
    pattern: "^[-._a-zA-Z0-9]+$",
    message: "give the name of a key of that object: letters, digits, '-', '_' and '.'",
  },
  serverUrl: {
    pattern: String.raw`^https?://([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$`,
    message: "give the server as https://HOST or https://HOST:PORT, without path, query or credentials",
  },
  vaultPath: {
    pattern: `^/?${VAULT_SEGMENT}(/${VAULT_SEGMENT})*/?$`,
    message: "give a Vault path such as kv or team/kv, without '.' or '..' segments, spaces, '?', '#' and '%'",
  },
  vaultUser: {
    pattern: "^[-_@+=:~A-Za-z0-9][-_.@+=:~A-Za-z0-9]*$",
    message: "give the name of a Vault user: letters, digits and '-_.@+=:~', without '.' at its beginning",
  },
  awsRegion: {
    pattern: "^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}-[0-9]{1,2}$",
    message: "give the code of an AWS region, such as eu-west-1",
  },
  awsName: {
    pattern: "^[-A-Za-z0-9/_+=.@!]+$",
    message: "give the beginning of a name in AWS: letters, digits and '/_+=.@-!'",
  },
  roleArn: {
    pattern: "^arn:aws[-a-z]*:iam::[0-9]{12}:role/[-A-Za-z0-9/_+=,.@]+$",
    message: "give the ARN of an IAM role, such as arn:aws:iam::123456789012:role/reader",
  },
  azureOrigin: {
    pattern: String.raw`^https://[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?/?$`,
    message: "give an address as https://HOST, without path, query or credentials",
  },
  azureId: {
    pattern: "^[0-9A-Za-z]([-0-9A-Za-z.]{0,251}[0-9A-Za-z])?$",
    message: "give an id of Azure, such as 00000000-0000-0000-0000-000000000000",
  },
  externalId: {
    pattern: "^[-A-Za-z0-9_+=,.@:/]{2,}$",
    message: "give an external id of 2 or more letters, digits and '_+=,.@:/-'",
  },
} as const satisfies Record<string, TextRule>;

export type TextRuleName = keyof typeof textRules;

/** Go durations of the units h, m, s, ms, in this order. Range and "0" are checked beside it. */
export const DURATION_PATTERN = `^${DURATION}$`;

/** Smallest and largest interval, in Go's notation; 0 is allowed apart from them. */
export const INTERVAL_RANGE = { min: "1s", max: "8760h" } as const;

/** Secret types that make the control plane mint or honour a credential. */
export const REFUSED_SECRET_TYPES = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"] as const;

/** Labels and annotations under this prefix steer Fairlead itself: a template may not set them. */
export const OWN_METADATA_PREFIX = "fairlead.dev/";

/** Names of labels and annotations, and values of labels (apimachinery v0.36, IsQualifiedName and IsValidLabelValue). */
export const LABEL_NAME_PATTERN = String.raw`^(${DNS_LABEL}(\.${DNS_LABEL})*/)?${METADATA_TEXT}$`;
export const ANNOTATION_NAME_PATTERN = String.raw`^(${MIXED_LABEL}(\.${MIXED_LABEL})*/)?${METADATA_TEXT}$`;
export const LABEL_VALUE_PATTERN = `^(${METADATA_TEXT})?$`;
/** With the part before the slash, which alone may be as long in Kubernetes. */
export const METADATA_NAME_MAX = 253;

const INTERVAL_FORM = "or a duration from 1s to 8760h in h, m, s and ms such as 1h30m";

/** What the cross-field rules say; each is a CEL rule in the CRD and a check in a parser. */
export const ruleMessages = {
  noSource: "name at least one entry in data or dataFrom",
  noStore: "set secretStoreRef, or a sourceRef.storeRef on every entry",
  oneSource: "an entry of dataFrom needs exactly one of extract and find",
  emptySourceRef: "sourceRef needs storeRef: name a store, or leave sourceRef out",
  interval: `refreshInterval must be "0" (never by time) ${INTERVAL_FORM}`,
  deletePolicy:
    "deletionPolicy Delete needs creationPolicy Owner or Orphan: use Retain, or Merge (which removes our keys only)",
  mergePolicy: "deletionPolicy Merge makes no sense with creationPolicy None, which writes nothing: use Retain",
  secretType: `types ${REFUSED_SECRET_TYPES.join(" and ")} are refused: they make the control plane issue credentials`,
  templateSyntax: "templates are not served yet: labels and annotations are literal, without '{{'",
  ownMetadata: `labels and annotations under ${OWN_METADATA_PREFIX} are set by Fairlead only: leave them out`,
  metadataName:
    "name labels and annotations as Kubernetes does: up to 63 letters, digits, '-', '_' and '.', where wanted after a DNS name and '/'",
  labelValue:
    "give a label a value of up to 63 letters, digits, '-', '_' and '.', which begins and ends with a letter or digit",
  tagName: "a tag has a name of 1 to 128 characters",
  oneProvider: "name exactly one provider: vault, aws or azurekv",
  oneAwsAuth: "auth takes secretRef or jwt, not both",
  ownAwsIdentity:
    "auth of a SecretStore needs exactly one of secretRef and jwt: the operator's own identity serves ClusterSecretStores only",
  azurePrincipal:
    "authType ServicePrincipal (the default) needs authSecretRef with clientId and exactly one of clientSecret and clientCertificate",
  azureTenant: "authType ServicePrincipal needs tenantId, in the store or in authSecretRef",
  azureFields:
    "authSecretRef belongs to ServicePrincipal, and beside serviceAccountRef with clientId and tenantId alone; serviceAccountRef belongs to WorkloadIdentity; identityId to ManagedIdentity, and to WorkloadIdentity without serviceAccountRef",
  ownAzureIdentity:
    "a SecretStore logs in as a ServicePrincipal, or by WorkloadIdentity with serviceAccountRef: the operator's own identity serves ClusterSecretStores only",
  azureCloud: "environmentType AzureStackCloud and customCloudConfig belong together: set both, or neither",
  roleSettings: "externalID, sessionTags and transitiveTagKeys belong to role: name one, or leave them out",
  oneAuth: "auth needs exactly one of tokenSecretRef, appRole, kubernetes, jwt, cert, userPass, ldap and iam",
  oneRoleId: "appRole needs exactly one of roleId and roleRef",
  oneIdentity: "kubernetes auth takes serviceAccountRef or secretRef, not both",
  iamExternalId: "externalID belongs to role: name one, or leave it out",
  oneJwt: "jwt auth needs exactly one of secretRef and kubernetesServiceAccountToken",
  ownIdentity:
    "kubernetes auth of a SecretStore needs serviceAccountRef or secretRef: the operator's own identity serves ClusterSecretStores only",
  foreignNamespace: "a SecretStore reads its own namespace only: remove namespace, or use a ClusterSecretStore",
  caNamespace: "caProvider of a ClusterSecretStore needs a namespace",
  storeInterval: `refreshInterval must be seconds as a number, 0 (the default) ${INTERVAL_FORM}`,
  noConditions:
    "ClusterSecretStore without conditions serves no namespace: name namespaces in conditions; namespaceSelector: {} means all",
  emptyCondition: "a condition needs namespaces, namespaceRegexes or namespaceSelector",
  selectorValues: "operators In and NotIn need values, Exists and DoesNotExist take none",
} as const satisfies Record<string, string>;
