import { describe, expect, test } from "vitest";
import { type Environment, parseConfig } from "../../../src/config/config.ts";
import { type Setting, settings } from "../../../src/config/settings.ts";

const cluster = { KUBECONFIG: "/k" };
const defaults = {
  cluster: { kind: "kubeconfig", path: "/k" },
  controllerClass: "default",
  workers: 16,
  httpAddress: { host: "0.0.0.0", port: 8080 },
  leaderElection: { kind: "off" },
  logLevel: "info",
  allowInsecureHttp: false,
  allowLinkLocalServers: false,
  caBundleFile: undefined,
  trustedHosts: [],
  storeMaxInFlight: 8,
  storeRequestsPerSecond: 50,
  storeRequestTimeoutMs: 10_000,
  reconcileTimeoutMs: 60_000,
  operatorTokenFile: "/var/run/secrets/fairlead/vault/token",
  propertyNamesInMessages: true,
};

function config(args: readonly string[], env: Environment = cluster) {
  const parsed = parseConfig(args, env);
  if (!parsed.ok) throw new Error(parsed.error.join("; "));
  return parsed.value;
}

function problems(args: readonly string[], env: Environment = cluster) {
  const parsed = parseConfig(args, env);
  return parsed.ok ? [] : parsed.error;
}

describe("parseConfig", () => {
  test("without flags gives the defaults", () => {
    expect(config([])).toEqual(defaults);
  });

  test.each([
    { args: ["--workers", "1"], changed: { workers: 1 } },
    { args: ["--workers=256"], changed: { workers: 256 } },
    { args: ["--workers=3", "--workers=4"], changed: { workers: 4 } },
    { args: ["--controller-class=blue"], changed: { controllerClass: "blue" } },
    { args: ["--http-address=127.0.0.1:0"], changed: { httpAddress: { host: "127.0.0.1", port: 0 } } },
    { args: ["--http-address=[::1]:65535"], changed: { httpAddress: { host: "::1", port: 65_535 } } },
    { args: ["--log-level=debug"], changed: { logLevel: "debug" } },
    { args: ["--allow-link-local-servers"], changed: { allowLinkLocalServers: true } },
    {
      args: ["--trusted-hosts=a.example.com, b.example.com"],
      changed: { trustedHosts: ["a.example.com", "b.example.com"] },
    },
    { args: ["--ca-bundle-file", "/ca.pem"], changed: { caBundleFile: "/ca.pem" } },
    { args: ["--allow-insecure-http"], changed: { allowInsecureHttp: true } },
    { args: ["--allow-insecure-http", "--workers=2"], changed: { allowInsecureHttp: true, workers: 2 } },
    { args: ["--allow-insecure-http=false"], changed: {} },
    { args: ["--property-names-in-messages=false"], changed: { propertyNamesInMessages: false } },
    { args: ["--store-max-in-flight=1"], changed: { storeMaxInFlight: 1 } },
    { args: ["--store-requests-per-second=10000"], changed: { storeRequestsPerSecond: 10_000 } },
    { args: ["--store-request-timeout=500ms"], changed: { storeRequestTimeoutMs: 500 } },
    { args: ["--reconcile-timeout=1m30s"], changed: { reconcileTimeoutMs: 90_000 } },
    { args: ["--operator-token-file=/t"], changed: { operatorTokenFile: "/t" } },
    { args: ["--kubeconfig=/other"], changed: { cluster: { kind: "kubeconfig", path: "/other" } } },
  ])("reads $args", ({ args, changed }) => {
    expect(config(args)).toEqual({ ...defaults, ...changed });
  });

  test.each(Object.values<Setting<unknown>>(settings).filter(({ fallback }) => fallback !== undefined))(
    "accepts the default of $flag as it is printed, by flag and by $env",
    ({ flag, env, kind, fallback }) => {
      const printed = kind.format(fallback);
      expect(config([`--${flag}=${printed}`])).toEqual(defaults);
      expect(config([], { ...cluster, [env]: printed })).toEqual(defaults);
    },
  );

  test("a flag wins over the environment, and an empty variable is none", () => {
    expect(config(["--workers=2"], { ...cluster, FAIRLEAD_WORKERS: "3" }).workers).toBe(2);
    expect(config([], { ...cluster, FAIRLEAD_WORKERS: "3" }).workers).toBe(3);
    expect(config([], { ...cluster, FAIRLEAD_WORKERS: "" }).workers).toBe(16);
  });

  test("ignores the variables that Kubernetes sets for a Service called fairlead", () => {
    const service = {
      FAIRLEAD_SERVICE_HOST: "10.0.0.1",
      FAIRLEAD_PORT: "tcp://10.0.0.1:8080",
      FAIRLEAD_SERVICE_PORT: "8080",
    };
    expect(config([], { ...cluster, ...service })).toEqual(defaults);
  });

  test.each([
    { args: ["--wrokers=1"], problem: "unknown flag --wrokers" },
    { args: ["-w"], problem: "unknown flag -w" },
    { args: ["--Workers=1"], problem: "unknown flag --Workers" },
    { args: ["now"], problem: 'unexpected argument "now"' },
    { args: ["--", "--workers=1"], problem: 'unexpected argument "--workers=1"' },
    { args: ["--workers=0"], problem: '--workers must be a whole number from 1 to 256, not "0"' },
    { args: ["--workers=1e2"], problem: '--workers must be a whole number from 1 to 256, not "1e2"' },
    { args: ["--workers=+1"], problem: '--workers must be a whole number from 1 to 256, not "+1"' },
    { args: ["--workers"], problem: '--workers must be a whole number from 1 to 256, not ""' },
    { args: ["--log-level=trace"], problem: '--log-level must be one of debug, info, warn, error, not "trace"' },
    { args: ["--allow-insecure-http=yes"], problem: '--allow-insecure-http must be true or false, not "yes"' },
    {
      args: ["--reconcile-timeout=60"],
      problem: '--reconcile-timeout must be a duration from 1s to 10m, such as 500ms, 10s or 1m30s, not "60"',
    },
    {
      args: ["--reconcile-timeout=11m"],
      problem: '--reconcile-timeout must be a duration from 1s to 10m, such as 500ms, 10s or 1m30s, not "11m"',
    },
    { args: ["--controller-class="], problem: '--controller-class must be text of 1 to 4096 characters, not ""' },
    ...["8080", ":8080", "host:65536", "::1:80", "[::1]", "a b:1"].map((address) => ({
      args: [`--http-address=${address}`],
      problem: `--http-address must be HOST:PORT with a port from 0 to 65535 (0: a free one), such as 127.0.0.1:8080 or [::]:8080, not "${address}"`,
    })),
    {
      args: ["--store-request-timeout=60s"],
      problem: "--store-request-timeout must be less than --reconcile-timeout",
    },
  ])("says of $args: $problem", ({ args, problem }) => {
    expect(problems(args)).toEqual([problem]);
  });

  test("names the variable when the bad value comes from the environment", () => {
    expect(problems([], { ...cluster, FAIRLEAD_WORKERS: "many" })).toEqual([
      'FAIRLEAD_WORKERS must be a whole number from 1 to 256, not "many"',
    ]);
  });

  test("reports all problems at once", () => {
    expect(problems(["--workers=0", "--nope"], { FAIRLEAD_LOG_LEVEL: "loud" })).toHaveLength(3);
  });

  test.each(["NODE_OPTIONS", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_DEBUG"])("refuses to run with %s", (name) => {
    expect(problems([], { ...cluster, [name]: "0" })).toEqual([expect.stringContaining(`${name} must not be set: `)]);
    expect(problems([], { ...cluster, [name]: "" })).toEqual([]);
  });
});

describe("leader election", () => {
  const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  const named = { POD_NAME: "fairlead-1" };
  const on = (namespace?: string) => ({ kind: "on", identity: "fairlead-1", namespace });

  test.each([
    { given: "a pod", args: [], env: { ...pod, ...named }, is: on() },
    { given: "a pod, switched off", args: ["--leader-elect=false"], env: { ...pod, ...named }, is: { kind: "off" } },
    { given: "a kubeconfig", args: [], env: { ...cluster, ...named }, is: { kind: "off" } },
    {
      given: "a kubeconfig, switched on",
      args: ["--leader-elect", "--leader-election-namespace=ops"],
      env: { ...cluster, ...named },
      is: on("ops"),
    },
  ])("in $given is $is.kind", ({ args, env, is }) => {
    expect(config(args, env).leaderElection).toEqual(is);
  });

  test.each([
    { given: "no name of the pod", args: [], env: pod, problem: "--leader-elect needs the variable POD_NAME" },
    {
      given: "no namespace",
      args: ["--leader-elect"],
      env: { ...cluster, ...named },
      problem: "--leader-elect needs --leader-election-namespace",
    },
  ])("with $given is refused", ({ args, env, problem }) => {
    expect(problems(args, env)).toEqual([expect.stringContaining(problem)]);
  });
});

describe("the cluster to serve", () => {
  const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

  test.each([
    { given: "flag, variable and pod", args: ["--kubeconfig=/f"], env: { ...cluster, ...pod }, path: "/f" },
    { given: "variable and pod", args: [], env: { ...cluster, ...pod }, path: "/k" },
  ])("with $given is that of $path", ({ args, env, path }) => {
    expect(config(args, env).cluster).toEqual({ kind: "kubeconfig", path });
  });

  test("is the pod's without a kubeconfig", () => {
    expect(config([], { ...pod, POD_NAME: "fairlead-1" }).cluster).toEqual({
      kind: "inCluster",
      host: "10.0.0.1",
      port: "443",
    });
  });

  test.each([{}, { KUBECONFIG: "" }, { KUBERNETES_SERVICE_HOST: "10.0.0.1" }])(
    "is missing with %j, which is said",
    (env) => {
      expect(problems([], env)).toEqual([
        "no cluster to serve: give --kubeconfig FILE or set KUBECONFIG, or run in a pod",
      ]);
    },
  );
});
