// Rows 6 and 7: what kills leave in Vault, and whether an operator that never lives long still gets somewhere.

import { setTimeout as pause } from "node:timers/promises";
import { waitUntil } from "../../testbed/wait-until.ts";
import { dataEntry } from "../../integration/support/manifests.ts";
import type { FaultWorld } from "../fault-world.ts";
import type { ScenarioResult } from "../scenario.ts";
import { startLab } from "./crash-enumeration.ts";
import { crash, runWorkload } from "./crash-run.ts";
import { startLives } from "./lives.ts";
import type { Phase } from "./reference-workload.ts";
import { livingTokens } from "./vault-tokens.ts";

const LOGIN_KILLS = 4;
/** Short, so that a leaked token is seen to die. */
const TOKEN_TTL_SECONDS = 20;
const LIFE_MS = 5_000;
const LIVES_MS = 300_000;
const EXTERNAL_SECRETS = 1_000;

const oneSync: Phase = {
  name: "one sync",
  async act(objects) {
    const { name, team, value } = objects;
    await objects.putRemote("one", { password: value("one") });
    await objects.applyStore();
    const data = [dataEntry("password", team.key(name("one")), "password")];
    await objects.applyExternalSecret("one", { refreshInterval: "1h", data });
  },
  missing: ({ ready }) => (ready("one") === "True SecretSynced" ? undefined : "one is synced"),
};

/** Each kill may leave the one token that it just got; and that dies by itself. */
export async function killAfterLogins(world: FaultWorld): Promise<ScenarioResult> {
  const lab = await startLab(world);
  await lab.team.writeRole({ token_ttl: `${TOKEN_TTL_SECONDS}s`, token_max_ttl: `${TOKEN_TTL_SECONDS}s` });
  for (let kills = 1; kills <= LOGIN_KILLS; kills += 1) {
    const point = { server: "vault", id: "login", occurrence: 1, position: "committed" } as const;
    const { isStruck } = await runWorkload(lab, { phases: [oneSync], strike: crash(lab, point) });
    if (!isStruck) throw new Error("there was no login");
    const tokens = await livingTokens(world.rig, lab.team);
    if (tokens > kills + 1) throw new Error(`${tokens} tokens are alive after ${kills} kills`);
  }
  const left = async (): Promise<true | undefined> =>
    (await livingTokens(world.rig, lab.team)) <= 1 ? true : undefined;
  await waitUntil("leaked tokens are dead", left, { timeoutMs: 3 * TOKEN_TTL_SECONDS * 1000, intervalMs: 500 });
  return { fired: 0 };
}

/** Killed every 5 s, with a rotation for each life. */
export async function killAgainAndAgain(world: FaultWorld): Promise<ScenarioResult> {
  const { timeScale, recorder, vault } = world;
  const count = Math.round(EXTERNAL_SECRETS * timeScale);
  const lives = await startLives(world);
  const load = await world.workload({ team: await world.team(), count, refreshInterval: "1s" });
  await load.settled(60_000);
  const changes = (): number =>
    recorder.revisions().filter(({ kind, change }) => kind === "Secret" && change === "MODIFIED").length;
  for (let life = 1; life * LIFE_MS <= LIVES_MS * timeScale; life += 1) {
    await load.rotate();
    const [requestsBefore, changesBefore] = [vault.requests().length, changes()];
    lives.replace({ signal: "SIGKILL" });
    await pause(LIFE_MS);
    await lives.settled();
    const logins = vault
      .requests()
      .slice(requestsBefore)
      .filter(({ path }) => path.endsWith("/login")).length;
    if (logins > 1) throw new Error(`life ${life} logged in ${logins} times`);
    if (changes() === changesBefore) throw new Error(`life ${life} wrote no Secret`);
  }
  await load.settled(30_000);
  return { fired: lives.ended };
}
