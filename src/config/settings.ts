// The one table of settings of `fairlead run`: flag, environment variable, kind with unit and range, default, help.
// Parsing, `--help` and the documentation are made from it.

import { logLevels } from "../core/logger.ts";
import { duration, hostList, oneOf, socketAddress, text, truth, type ValueKind, wholeNumber } from "./value-kind.ts";

export interface Setting<T> {
  /** Without the dashes. */
  readonly flag: string;
  readonly env: string;
  readonly kind: ValueKind<T>;
  /** Undefined: there is none, and help says what happens instead. */
  readonly fallback: T | undefined;
  readonly help: string;
}

function setting<T>(
  flag: string,
  kind: ValueKind<T>,
  fallback: T,
  help: string,
): Setting<T> & { readonly fallback: T } {
  return { flag, env: `FAIRLEAD_${flag.toUpperCase().replaceAll("-", "_")}`, kind, fallback, help };
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

export const settings = {
  kubeconfig: {
    flag: "kubeconfig",
    env: "KUBECONFIG",
    kind: text("FILE"),
    fallback: undefined,
    help: "Kubeconfig of the cluster to serve. Without one: the cluster that the process runs in.",
  } satisfies Setting<string>,
  controllerClass: setting(
    "controller-class",
    text("NAME"),
    "default",
    "Serve the stores of this spec.controller; a store that names none is of class default.",
  ),
  workers: setting("workers", wholeNumber(1, 256), 16, "ExternalSecrets that are reconciled at the same time."),
  httpAddress: setting(
    "http-address",
    socketAddress,
    { host: "0.0.0.0", port: 8080 },
    "Address of /healthz, /readyz and /metrics.",
  ),
  leaderElect: {
    flag: "leader-elect",
    env: "FAIRLEAD_LEADER_ELECT",
    kind: truth,
    fallback: undefined,
    help: "Write only while holding the Lease fairlead, so that several replicas may run. On in a pod, off with a kubeconfig.",
  } satisfies Setting<boolean>,
  leaderElectionNamespace: {
    flag: "leader-election-namespace",
    env: "FAIRLEAD_LEADER_ELECTION_NAMESPACE",
    kind: text("NAME"),
    fallback: undefined,
    help: "Namespace of the Lease. Without one: that of the pod.",
  } satisfies Setting<string>,
  logLevel: setting("log-level", oneOf(...logLevels), "info", "Least severe level that is logged."),
  allowInsecureHttp: setting(
    "allow-insecure-http",
    truth,
    false,
    "Allow stores with http:// servers. For demonstrations and tests: credentials and secrets then cross the network in the clear.",
  ),
  allowLinkLocalServers: setting(
    "allow-link-local-servers",
    truth,
    false,
    "Allow stores whose servers have link-local addresses or are metadata services: they give the node's own identity away.",
  ),
  caBundleFile: {
    flag: "ca-bundle-file",
    env: "FAIRLEAD_CA_BUNDLE_FILE",
    kind: text("FILE"),
    fallback: undefined,
    help: "PEM certificates of authorities to trust beside the usual ones, for stores, logins and proxies; SSL_CERT_FILE names more. A store's own CA replaces them all.",
  } satisfies Setting<string>,
  trustedHosts: {
    flag: "trusted-hosts",
    env: "FAIRLEAD_TRUSTED_HOSTS",
    kind: hostList,
    fallback: undefined,
    help: "Hosts that stores may name as a cloud of their own: that of its login, and the DNS suffix of its vaults. Tokens go to them.",
  } satisfies Setting<readonly string[]>,
  storeMaxInFlight: setting(
    "store-max-in-flight",
    wholeNumber(1, 256),
    8,
    "Requests to one store at the same time, where the store sets no limit.",
  ),
  storeRequestsPerSecond: setting(
    "store-requests-per-second",
    wholeNumber(1, 10_000),
    50,
    "Requests to one store per second, where the store sets no limit.",
  ),
  storeRequestTimeoutMs: setting(
    "store-request-timeout",
    duration(100, 5 * MINUTE_MS),
    10 * SECOND_MS,
    "How long one request to a store may take. Less than --reconcile-timeout.",
  ),
  reconcileTimeoutMs: setting(
    "reconcile-timeout",
    duration(SECOND_MS, 10 * MINUTE_MS),
    60 * SECOND_MS,
    "How long one reconcile may take, all its requests included.",
  ),
  operatorTokenFile: setting(
    "operator-token-file",
    text("FILE"),
    "/var/run/secrets/fairlead/vault/token",
    "The operator's own token for ClusterSecretStores, projected with the audience of the store; never the API token.",
  ),
  propertyNamesInMessages: setting(
    "property-names-in-messages",
    truth,
    true,
    "Name the properties that exist when one is not found.",
  ),
} as const;
