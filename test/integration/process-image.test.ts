// What the image runs, without a container engine: the last stage of the Dockerfile laid out in a folder of root's, with
// its own command line, as a user without capabilities who may write nowhere.

import { execFile } from "node:child_process";
import { chmod, chown, cp, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from "../testbed/deploy-operator.ts";
import { parseJson } from "../testbed/json.ts";
import { writeKubeconfig } from "../testbed/kubeconfig.ts";
import type { Rig } from "../testbed/rig.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { mintServiceAccountToken } from "../testbed/service-account.ts";
import { applyClusterStore, deleteClusterStore, writeOperatorRole } from "./support/stores.ts";
import { passwordEntry, readyTeam } from "./support/targets.ts";
import { startWorld, type World } from "./support/world.ts";

const root = join(import.meta.dirname, "../..");
/** USER of the Dockerfile. */
const NOBODY = 65_532;
const canSwitchUser = process.getuid?.() === 0 && process.platform === "linux";
if (!canSwitchUser) process.stderr.write("SKIPPED: only root on Linux can run the image's last stage as user 65532\n");

async function lastStage(): Promise<string> {
  const dockerfile = await readFile(join(root, "Dockerfile"), "utf8");
  return (
    dockerfile
      .replaceAll("\\\n", "")
      .split(/^FROM /m)
      .at(-1) ?? ""
  );
}

/** The words of an instruction in exec form. */
function wordsOf(stage: string, instruction: string): readonly string[] {
  const words = parseJson(new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(stage)?.[1] ?? "[]");
  return Array.isArray(words) ? words.map(String) : [];
}

/** Node and the bundle where the image has them, below `folder`; all of root's, and nothing to write to. */
async function layOut(folder: string, stage: string): Promise<readonly [string, ...string[]]> {
  const [node = "", ...words] = [...wordsOf(stage, "ENTRYPOINT"), ...wordsOf(stage, "CMD")];
  const target = /^COPY --from=build \/src\/dist (\S+)$/m.exec(stage)?.[1] ?? "";
  await mkdir(dirname(join(folder, node)), { recursive: true });
  await copyFile(process.execPath, join(folder, node));
  await cp(join(root, "dist"), join(folder, target), { recursive: true });
  await promisify(execFile)("chmod", ["-R", "a+rX,a-w", folder]);
  return [join(folder, node), ...words.map((word) => (word.startsWith(`${target}/`) ? join(folder, word) : word))];
}

interface Credentials {
  readonly kubeconfig: string;
  readonly vaultToken: string;
}

/** Files that group 65532 may read, as the kubelet leaves them for fsGroup. */
async function writeCredentials(folder: string, rig: Rig): Promise<Credentials> {
  const account = { namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT };
  const path = { token: join(folder, "token"), vault: join(folder, "vault"), kubeconfig: join(folder, "kubeconfig") };
  await writeFile(path.token, await mintServiceAccountToken(rig.api, account));
  await writeFile(path.vault, await mintServiceAccountToken(rig.api, account, { audiences: ["vault"] }));
  const { server, caPem } = rig.handle.kubernetes;
  await writeKubeconfig(path.kubeconfig, { server, caPem, user: { kind: "tokenFile", path: path.token } });
  for (const file of Object.values(path)) {
    await chown(file, 0, NOBODY);
    await chmod(file, 0o440);
  }
  return { kubeconfig: path.kubeconfig, vaultToken: path.vault };
}

/** What the user has left where everybody may write. */
async function filesOfNobody(): Promise<readonly string[]> {
  const folders = [...new Set([tmpdir(), "/tmp", "/var/tmp", "/dev/shm"])];
  const { stdout } = await promisify(execFile)("find", [...folders, "-xdev", "-uid", String(NOBODY)]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe.skipIf(!canSwitchUser)("the image's last stage", () => {
  let folder = "";
  let world: World;

  beforeAll(async () => {
    const rig = rigForSuite();
    folder = await mkdtemp(join(tmpdir(), "fairlead-image-"));
    await chmod(folder, 0o755);
    const [image, secrets] = [join(folder, "image"), join(folder, "secrets")];
    await mkdir(secrets);
    const command = await layOut(image, await lastStage());
    await rig.kubectl(["apply", "-k", "config/default"]);
    const { kubeconfig, vaultToken } = await writeCredentials(secrets, rig);
    const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    world = await startWorld(rig, {
      command: ["setpriv", ...user, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", ...command],
      kubeconfigPath: kubeconfig,
      args: [`--operator-token-file=${vaultToken}`],
    });
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("is that of the Dockerfile: non-root, the bundle and nothing else", async () => {
    const stage = await lastStage();
    expect(stage).toMatch(new RegExp(`^USER ${NOBODY}:${NOBODY}$`, "m"));
    expect(stage.match(/^COPY .*$/gm)).toEqual(["COPY --from=build /src/dist /app"]);
    expect((await readdir(join(folder, "image"))).sort()).toEqual(["app", "nodejs"]);
  });

  test("becomes ready and syncs as user 65532, without capabilities, with nowhere to write to", async () => {
    const status = await readFile(`/proc/${world.operator.pid}/status`, "utf8");
    const ids = [NOBODY, NOBODY, NOBODY, NOBODY].join("\t");
    expect(status).toContain(`Uid:\t${ids}\nGid:\t${ids}\n`);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    const team = await readyTeam(world);
    await writeOperatorRole(team);
    await applyClusterStore(team, team.namespace);
    const shared = { name: team.namespace, kind: "ClusterSecretStore" };
    await team.applyExternalSecret("own", passwordEntry(team));
    await team.applyExternalSecret("shared", { secretStoreRef: shared, ...passwordEntry(team) });
    for (const name of ["own", "shared"]) {
      await team.waitExternalSecret(name);
      expect(await team.secretData(name)).toEqual({ password: team.value() });
    }
    await deleteClusterStore(team, team.namespace);
    expect(await filesOfNobody()).toEqual([]);
  });
});
