// The process as it is shipped: command line, probes and metrics, and the manifests of config/samples.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRecord, parseJson } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { deleteExternalSecret, passwordEntry, readyTeam } from "./support/targets.ts";
import { startWorld, type World } from "./support/world.ts";

const root = join(import.meta.dirname, "../..");
const vaultLogins = ["kubernetes", "approle", "jwt", "cert", "password", "iam"].map((login) => `vault-${login}`);
const awsLogins = ["aws-service-account", "aws-keys", "aws-operator"];
const azureLogins = ["azure-workload-identity", "azure-service-principal", "azure-managed-identity"];
const samples = [...vaultLogins, ...awsLogins, ...azureLogins, "cluster-secret-store", "find-and-extract"].map(
  (name) => `config/samples/${name}.yaml`,
);

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function fairlead(...args: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env["PATH"] ?? "" };
  return new Promise((resolve) => {
    execFile(join(root, "bin/fairlead"), [...args], { cwd: root, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

describe.concurrent("bin/fairlead", () => {
  test("--help lists the commands, and run --help all flags with defaults and units; both end with 0", async () => {
    const [overview, run] = await Promise.all([fairlead("--help"), fairlead("run", "--help")]);
    expect([overview.code, run.code]).toEqual([0, 0]);
    for (const command of ["run", "validate", "version"]) expect(overview.out).toContain(`  ${command} `);
    expect(run.out).toContain("--store-request-timeout");
    expect(run.out).toMatch(/--http-address [A-Z:]+ {2}\(FAIRLEAD_HTTP_ADDRESS\)/);
    expect(run.out).toContain("Default: 10s.");
  });

  test.each([
    { args: [], says: "a command is missing" },
    { args: ["sync"], says: 'unknown command "sync"' },
    { args: ["run", "--no-such-flag"], says: "unknown flag --no-such-flag" },
    { args: ["run", "--workers=0"], says: "--workers must be " },
    { args: ["run", "extra"], says: 'unexpected argument "extra"' },
    { args: ["validate", "no-such-file.yaml"], says: "cannot read no-such-file.yaml (ENOENT)" },
    { args: ["version", "extra"], says: 'unexpected argument "extra"' },
  ])("$args ends with 2 and a sentence", async ({ args, says }) => {
    const ended = await fairlead(...args);
    expect({ code: ended.code, out: ended.out }).toEqual({ code: 2, out: "" });
    expect(ended.err).toContain(`fairlead: ${says}`);
  });

  test("version says that of package.json", async () => {
    const packageFile = parseJson(await readFile(join(root, "package.json"), "utf8"));
    const wanted = isRecord(packageFile) ? String(packageFile["version"]) : "";
    expect(await fairlead("version")).toEqual({ code: 0, out: `fairlead ${wanted}\n`, err: "" });
  });

  test("validate finds no fault in config/samples", async () => {
    const ended = await fairlead("validate", ...samples);
    expect({ code: ended.code, out: ended.out }).toEqual({ code: 0, out: "" });
    expect(ended.err).toMatch(/^checked: [12][0-9], skipped: \d+, problems: 0\n$/);
  });
});

describe("a running operator", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(rigForSuite());
    // What other files have left: counts are exact only if nobody else is served.
    for (const kinds of ["externalsecrets,secretstores", "clustersecretstores"])
      await world.rig.kubectl(["delete", kinds, "--all", "-A"]);
  });
  afterAll(async () => {
    await world.stop();
  });

  const get = (path: string, method = "GET"): Promise<Response> =>
    fetch(`${world.operator.origin}${path}`, { method, signal: AbortSignal.timeout(5_000) });

  async function sample(series: string): Promise<number | undefined> {
    const line = (await world.operator.metrics()).split("\n").find((text) => text.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  /** Undefined: the series is gone. */
  function untilSample(series: string, wanted: number | undefined): Promise<true> {
    const probe = async (): Promise<true | undefined> => ((await sample(series)) === wanted ? true : undefined);
    return waitUntil(`${series} is ${wanted}`, probe, { timeoutMs: 20_000, intervalMs: 200 });
  }

  test("answers its probes, and nothing else", async () => {
    for (const path of ["/healthz", "/readyz"]) expect((await get(path)).status).toBe(200);
    expect(await (await get("/readyz")).text()).toBe("[+]caches ok\n[+]API server ok\n");
    expect((await get("/")).status).toBe(404);
    expect((await get("/metrics", "POST")).status).toBe(405);
  });

  test("counts syncs, provider calls, logins and its queue; what an object has by name goes with the object", async () => {
    for (const ready of ["true", "false"]) await untilSample(`fairlead_externalsecrets{ready="${ready}"}`, 0);
    const before = await counts();
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db");
    const named = `{namespace="${team.namespace}",name="db"}`;
    await untilSample(`fairlead_externalsecret_ready${named}`, 1);
    const store = `{kind="SecretStore",namespace="${team.namespace}",name="vault"}`;
    expect(await sample(`fairlead_secretstore_ready${store}`)).toBe(1);
    const lastSuccess = (await sample(`fairlead_externalsecret_last_success_timestamp_seconds${named}`)) ?? 0;
    expect(Date.now() / 1000 - lastSuccess).toBeLessThan(60);
    for (const queue of ["externalsecret", "secretstore", "clustersecretstore"])
      await untilSample(`workqueue_depth{name="${queue}",controller="${queue}"}`, 0);
    const after = { syncs: before.syncs + 1, reads: before.reads + 1, calls: before.calls + 1 };
    expect(await counts()).toEqual({ ...after, logins: before.logins + 1 });

    // A second store is a second session of the same provider: its series go on.
    await team.applyStore("second");
    await team.waitStore("second");
    expect(await counts()).toEqual({ ...after, logins: before.logins + 2 });

    const denied = await sample(reads("accessDenied"));
    await team.applyExternalSecret("denied", { data: [{ secretKey: "k", remoteRef: { key: "elsewhere/db" } }] });
    await team.waitExternalSecret("denied", { ready: "False", reason: "AccessDenied" });
    await untilSample(`fairlead_externalsecret_ready{namespace="${team.namespace}",name="denied"}`, 0);
    expect(await sample(reads("accessDenied"))).toBeGreaterThan(denied ?? 0);

    for (const name of ["db", "denied"]) await deleteExternalSecret(team, name);
    await untilSample(`fairlead_externalsecret_ready${named}`, undefined);
    await untilSample('fairlead_externalsecrets{ready="false"}', 0);
    expect((await world.operator.metrics()).match(/.*name="(db|denied)".*/g)).toBeNull();
  });

  async function counts(): Promise<Readonly<Record<"syncs" | "reads" | "calls" | "logins", number>>> {
    const [syncs = -1, found = -1, calls = -1, logins = -1] = await Promise.all([
      sample('fairlead_externalsecret_sync_total{result="success",reason="SecretSynced"}'),
      sample(reads("ok")),
      sample('fairlead_provider_request_duration_seconds_count{provider="vault",operation="readSecrets"}'),
      sample('fairlead_provider_logins_total{provider="vault",outcome="ok"}'),
    ]);
    return { syncs, reads: found, calls, logins };
  }

  const reads = (outcome: string): string =>
    `fairlead_provider_requests_total{provider="vault",operation="readSecrets",outcome="${outcome}"}`;

  test("is given the samples by kubectl apply -k, which the API server takes", async () => {
    const answer = await world.rig.kubectl(["apply", "--warnings-as-errors", "-k", join(root, "config/samples")]);
    expect(answer.trim().split("\n").length).toBeGreaterThanOrEqual(9);
    expect(
      answer
        .trim()
        .split("\n")
        .every((line) => line.endsWith(" created")),
    ).toBe(true);
    await world.rig.kubectl(["delete", "-k", join(root, "config/samples")]);
  });
});
