// The process as it is shipped: command line, probes and metrics, manifests of config/samples, and the image's last stage
// as a user who may write nowhere.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRecord, parseJson } from "../testbed/json.ts";
import { writeKubeconfig } from "../testbed/kubeconfig.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { mintServiceAccountToken } from "../testbed/service-account.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { applyClusterStore, deleteClusterStore, writeOperatorRole } from "./support/stores.ts";
import { deleteExternalSecret, passwordEntry, readyTeam } from "./support/targets.ts";
import { startWorld, type World } from "./support/world.ts";

const root = join(import.meta.dirname, "../..");
const samples = ["vault-kubernetes", "vault-approle", "cluster-secret-store", "find-and-extract"].map(
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
    expect(ended.err).toMatch(/^checked: [6-9], skipped: \d+, problems: 0\n$/);
  });
});

describe("a running operator", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(rigForSuite());
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

  function untilSample(series: string, isWanted: (value: number | undefined) => boolean): Promise<true> {
    const probe = async (): Promise<true | undefined> => (isWanted(await sample(series)) ? true : undefined);
    return waitUntil(`${series} is as wanted`, probe, { timeoutMs: 20_000, intervalMs: 200 });
  }

  test("answers its probes, and nothing else", async () => {
    for (const path of ["/healthz", "/readyz"]) expect((await get(path)).status).toBe(200);
    expect(await (await get("/readyz")).text()).toBe("[+]caches ok\n");
    expect((await get("/")).status).toBe(404);
    expect((await get("/metrics", "POST")).status).toBe(405);
  });

  test("counts syncs, provider calls, logins and its queue; what an object has by name goes with the object", async () => {
    const team = await readyTeam(world);
    const named = `{namespace="${team.namespace}",name="db"}`;
    const success = 'fairlead_externalsecret_sync_total{result="success",reason="SecretSynced"}';
    const before = { syncs: await sample(success), reads: await sample(reads("ok")) };
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db");
    await untilSample(`fairlead_externalsecret_ready${named}`, (value) => value === 1);
    expect(await sample(success)).toBe((before.syncs ?? 0) + 1);
    expect(await sample(reads("ok"))).toBe((before.reads ?? 0) + 1);
    expect(await sample(reads("accessDenied"))).toBe(0);
    expect(await sample('fairlead_provider_logins_total{provider="vault",outcome="ok"}')).toBe(1);
    const duration = 'fairlead_provider_request_duration_seconds_count{provider="vault",operation="readSecrets"}';
    expect(await sample(duration)).toBe(1);
    expect(await sample(`fairlead_secretstore_ready{kind="SecretStore",namespace="${team.namespace}",name="vault"}`)).toBe(
      1,
    );
    const ageSeconds =
      Date.now() / 1000 - ((await sample(`fairlead_externalsecret_last_success_timestamp_seconds${named}`)) ?? 0);
    expect(ageSeconds).toBeLessThan(60);
    for (const queue of ["externalsecret", "secretstore", "clustersecretstore"])
      await untilSample(`workqueue_depth{name="${queue}"}`, (value) => value === 0);

    // A second store is a second session of the same provider: its series go on.
    await team.applyStore("second");
    await team.waitStore("second");
    expect(await sample(duration)).toBe(1);

    await team.applyExternalSecret("denied", { data: [{ secretKey: "k", remoteRef: { key: "elsewhere/db" } }] });
    await team.waitExternalSecret("denied", { ready: "False", reason: "AccessDenied" });
    expect(await sample(`fairlead_externalsecret_ready{namespace="${team.namespace}",name="denied"}`)).toBe(0);
    expect(await sample(reads("accessDenied"))).toBeGreaterThan(0);

    for (const name of ["db", "denied"]) await deleteExternalSecret(team, name);
    await untilSample(`fairlead_externalsecret_ready${named}`, (value) => value === undefined);
    const left = (await world.operator.metrics()).split("\n").filter((line) => /name="(db|denied)"/.test(line));
    expect(left).toEqual([]);
  });

  const reads = (outcome: string): string =>
    `fairlead_provider_requests_total{provider="vault",operation="readSecrets",outcome="${outcome}"}`;

  test("is given the samples by kubectl apply -k, which the API server takes", async () => {
    const answer = await world.rig.kubectl(["apply", "--warnings-as-errors", "-k", join(root, "config/samples")]);
    expect(answer.trim().split("\n").length).toBeGreaterThanOrEqual(9);
    expect(answer.trim().split("\n").every((line) => line.endsWith(" created"))).toBe(true);
    await world.rig.kubectl(["delete", "-k", join(root, "config/samples")]);
  });
});

const NOBODY = 65_532;
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("SKIPPED: the image's last stage can be run as user 65532 by root only\n");

/** The last stage's ENTRYPOINT and CMD. */
function imageCommand(): readonly string[] {
  const stage = readFileSync(join(root, "Dockerfile"), "utf8").replaceAll("\\\n", "").split(/^FROM /m).at(-1) ?? "";
  return ["ENTRYPOINT", "CMD"].flatMap((instruction) => {
    const list: unknown = parseJson(new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(stage)?.[1] ?? "[]");
    return Array.isArray(list) ? list.map(String) : [];
  });
}

describe.skipIf(!isRoot)("the image's last stage", () => {
  const rig = rigForSuite();
  let folder = "";
  let world: World;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fairlead-image-"));
    await layOutImage(folder);
    const token = await mintServiceAccountToken(rig.api, OPERATOR_ACCOUNT);
    const vaultToken = await mintServiceAccountToken(rig.api, OPERATOR_ACCOUNT, { audiences: ["vault"] });
    const files = { token: join(folder, "token"), vault: join(folder, "vault"), config: join(folder, "kubeconfig") };
    const { server, caPem } = rig.handle.kubernetes;
    await writeKubeconfig(files.config, { server, caPem, user: { kind: "tokenFile", path: files.token } });
    await writeFile(files.token, token);
    await writeFile(files.vault, vaultToken);
    for (const file of Object.values(files)) {
      // As the kubelet does for fsGroup 65532.
      await chown(file, 0, NOBODY);
      await chmod(file, 0o440);
    }
    const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"];
    const [node = "", ...rest] = imageCommand().map((text) => text.replace(/^\/(nodejs|app)\//, `${folder}/$1/`));
    world = await startWorld(rig, {
      command: ["setpriv", ...ids, "--bounding-set=-all", "--inh-caps=-all", node, ...rest],
      kubeconfigPath: files.config,
      args: [`--operator-token-file=${files.vault}`],
    });
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("becomes ready and syncs as user 65532 without capabilities and without a directory to write to", async () => {
    const status = await readFile(`/proc/${world.operator.pid}/status`, "utf8");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${NOBODY}\\s+${NOBODY}\\s+${NOBODY}\\s+${NOBODY}$`, "m"));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    const team = await readyTeam(world);
    await writeOperatorRole(team);
    await applyClusterStore(team, team.namespace);
    await team.applyExternalSecret("own", passwordEntry(team));
    await team.applyExternalSecret("shared", {
      secretStoreRef: { name: team.namespace, kind: "ClusterSecretStore" },
      ...passwordEntry(team),
    });
    for (const name of ["own", "shared"]) {
      await team.waitExternalSecret(name);
      expect(await team.secretData(name)).toEqual({ password: team.value() });
    }
    await deleteClusterStore(team, team.namespace);
    expect(await filesOpenForWriting(world.operator.pid)).toEqual([]);
  });
});
