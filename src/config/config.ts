// Flags and environment become a Config, or sentences that say what is wrong. Flags win over the environment.

import { parseArgs } from "node:util";
import type { LogLevel } from "../core/logger.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { type Setting, settings } from "./settings.ts";
import type { SocketAddress } from "./value-kind.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Which cluster to serve: that of a kubeconfig, or the one around the pod. */
export type ClusterSource =
  | { readonly kind: "kubeconfig"; readonly path: string }
  | { readonly kind: "inCluster"; readonly host: string; readonly port: string };

/** How several replicas agree on one that writes. */
export type LeaderElection =
  | { readonly kind: "off" }
  | {
      readonly kind: "on";
      /** The pod's name: no other replica has it, and a container that starts again keeps it. */
      readonly identity: string;
      /** Of the Lease; undefined: that of the pod. */
      readonly namespace: string | undefined;
    };

/** Units, ranges and defaults stand in settings.ts. */
export interface Config {
  readonly cluster: ClusterSource;
  readonly controllerClass: string;
  readonly workers: number;
  readonly httpAddress: SocketAddress;
  readonly leaderElection: LeaderElection;
  readonly logLevel: LogLevel;
  readonly allowInsecureHttp: boolean;
  readonly allowLinkLocalServers: boolean;
  /** Undefined: none but SSL_CERT_FILE. */
  readonly caBundleFile: string | undefined;
  readonly trustedHosts: readonly string[];
  readonly storeMaxInFlight: number;
  readonly storeRequestsPerSecond: number;
  readonly storeRequestTimeoutMs: number;
  readonly reconcileTimeoutMs: number;
  readonly operatorTokenFile: string;
  readonly propertyNamesInMessages: boolean;
}

/** Fails with one sentence per problem. Unknown variables `FAIRLEAD_*` are none: Kubernetes sets such for a Service `fairlead`. */
export function parseConfig(args: readonly string[], env: Environment): Result<Config, readonly string[]> {
  const { flags, problems } = readFlags(args);
  problems.push(...refusedVariables(env));
  const optional = <T>(setting: Setting<T>): T | undefined => {
    const [origin, given] = flags.has(setting.flag)
      ? [`--${setting.flag}`, flags.get(setting.flag)]
      : [setting.env, env[setting.env] === "" ? undefined : env[setting.env]];
    if (given === undefined) return setting.fallback;
    const value = setting.kind.parse(given);
    if (value === undefined) problems.push(`${origin} must be ${setting.kind.expected}, not ${JSON.stringify(given)}`);
    return value;
  };
  const read = <T>(setting: Setting<T> & { readonly fallback: T }): T => optional(setting) ?? setting.fallback;

  const cluster = clusterSource(optional(settings.kubeconfig), env);
  const election = { elect: optional(settings.leaderElect), namespace: optional(settings.leaderElectionNamespace) };
  const config = {
    controllerClass: read(settings.controllerClass),
    workers: read(settings.workers),
    httpAddress: read(settings.httpAddress),
    leaderElection: leaderElection(election, cluster, env),
    logLevel: read(settings.logLevel),
    allowInsecureHttp: read(settings.allowInsecureHttp),
    allowLinkLocalServers: read(settings.allowLinkLocalServers),
    caBundleFile: optional(settings.caBundleFile),
    trustedHosts: optional(settings.trustedHosts) ?? [],
    storeMaxInFlight: read(settings.storeMaxInFlight),
    storeRequestsPerSecond: read(settings.storeRequestsPerSecond),
    storeRequestTimeoutMs: read(settings.storeRequestTimeoutMs),
    reconcileTimeoutMs: read(settings.reconcileTimeoutMs),
    operatorTokenFile: read(settings.operatorTokenFile),
    propertyNamesInMessages: read(settings.propertyNamesInMessages),
  };
  if (config.storeRequestTimeoutMs >= config.reconcileTimeoutMs) problems.push(TIMEOUTS_CROSSED);
  problems.push(...electionProblems(config.leaderElection, cluster));
  if (cluster === undefined && problems.length === 0) problems.push(NO_CLUSTER);
  return cluster === undefined || problems.length > 0 ? failed(problems) : ok({ cluster, ...config });
}

const TIMEOUTS_CROSSED = "--store-request-timeout must be less than --reconcile-timeout";
const NO_IDENTITY = "--leader-elect needs the variable POD_NAME: a name that no other replica has";
const NO_LEASE_NAMESPACE = "--leader-elect needs --leader-election-namespace where the cluster comes from a kubeconfig";
const NO_CLUSTER = "no cluster to serve: give --kubeconfig FILE or set KUBECONFIG, or run in a pod";

function leaderElection(
  { elect, namespace }: { readonly elect: boolean | undefined; readonly namespace: string | undefined },
  cluster: ClusterSource | undefined,
  env: Environment,
): LeaderElection {
  const isOn = elect ?? cluster?.kind === "inCluster";
  return isOn ? { kind: "on", identity: env["POD_NAME"] ?? "", namespace } : { kind: "off" };
}

function electionProblems(election: LeaderElection, cluster: ClusterSource | undefined): readonly string[] {
  if (election.kind === "off") return [];
  return [
    ...(election.identity === "" ? [NO_IDENTITY] : []),
    ...(election.namespace === undefined && cluster?.kind === "kubeconfig" ? [NO_LEASE_NAMESPACE] : []),
  ];
}

/** Variables of Node that undo what we promise: https://nodejs.org/docs/latest-v24.x/api/cli.html#environment-variables */
const refusals = {
  NODE_OPTIONS: "it can load foreign code and open the inspector",
  NODE_TLS_REJECT_UNAUTHORIZED: "it switches off the check of certificates",
  NODE_DEBUG: "it prints requests with their credentials",
} as const;

function refusedVariables(env: Environment): string[] {
  return Object.entries(refusals).flatMap(([name, why]) => (env[name] ? [`${name} must not be set: ${why}`] : []));
}

/** The variables that the kubelet sets in each pod: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function clusterSource(kubeconfig: string | undefined, env: Environment): ClusterSource | undefined {
  if (kubeconfig !== undefined) return { kind: "kubeconfig", path: kubeconfig };
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  return host && port ? { kind: "inCluster", host, port } : undefined;
}

interface Flags {
  readonly flags: ReadonlyMap<string, string | undefined>;
  readonly problems: string[];
}

function readFlags(args: readonly string[]): Flags {
  const all: readonly Setting<unknown>[] = Object.values(settings);
  const types = all.map(({ flag, kind }) => [flag, { type: kind.placeholder === "" ? "boolean" : "string" }] as const);
  const { tokens } = parseArgs({ args: [...args], options: Object.fromEntries(types), strict: false, tokens: true });
  const flags = new Map<string, string>();
  const problems: string[] = [];
  for (const token of tokens) {
    const setting = token.kind === "option" ? all.find(({ flag }) => token.rawName === `--${flag}`) : undefined;
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") problems.push(`unexpected argument ${JSON.stringify(token.value)}`);
    else if (setting === undefined) problems.push(`unknown flag ${token.rawName}`);
    else flags.set(setting.flag, token.value ?? (setting.kind.placeholder === "" ? "true" : ""));
  }
  return { flags, problems };
}
