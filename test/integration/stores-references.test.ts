// What a store cannot be asked: keys that could leave their place never leave the operator, patterns that are none are
// said so.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonRecord } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { conditionStatus, passwordEntry, readyTeam } from "./support/targets.ts";
import { message, SERVICE_ACCOUNT, type Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

const SEGMENT = "holds an empty segment, '.' or '..'";
const CHARACTER = "holds one of ? # % \\ or a control character";

const keys: readonly { readonly key: string; readonly says: string }[] = [
  { key: "..", says: SEGMENT },
  { key: "TEAM/../db", says: SEGMENT },
  { key: "TEAM/../../../sys/health", says: SEGMENT },
  { key: "TEAM/./db", says: SEGMENT },
  { key: "TEAM//db", says: SEGMENT },
  { key: "/TEAM/db", says: SEGMENT },
  { key: "TEAM/%2e%2e/db", says: CHARACTER },
  { key: "TEAM%2fdb", says: CHARACTER },
  { key: "TEAM/db?version=1", says: CHARACTER },
  { key: "TEAM/db#x", says: CHARACTER },
  { key: "TEAM/db\nX-Vault-Token: x", says: CHARACTER },
  { key: "TEAM\\..\\db", says: CHARACTER },
];

test("a key that could lead elsewhere is InvalidReference, and no request leaves for another path", async () => {
  const team = await readyTeam(world);
  const mark = await world.rig.audit.vault.mark();
  const sources: readonly { readonly spec: JsonRecord; readonly says: string }[] = keys.flatMap(({ key, says }) => {
    const real = key.replace("TEAM", team.namespace);
    return [
      { spec: { data: [dataEntry("password", real, "password")] }, says: `the key ${says}` },
      { spec: { dataFrom: [{ extract: { key: real } }] }, says: `the key ${says}` },
    ];
  });
  const finds = ["TEAM/..", "TEAM?list=true"].map((path) => ({
    spec: { dataFrom: [{ find: { path: path.replace("TEAM", team.namespace), name: { regexp: "." } } }] },
    says: `the path of find ${path.includes("?") ? CHARACTER : SEGMENT}`,
  }));
  const all = [...sources, ...finds];
  await Promise.all(all.map(({ spec }, index) => team.applyExternalSecret(`bad-${index}`, spec)));
  await Promise.all(
    all.map(async ({ says }, index) => {
      const refused = await team.waitExternalSecret(`bad-${index}`, { ready: "False", reason: "InvalidReference" });
      expect(message(refused)).toContain(`: ${says}; correct the reference`);
      expect(conditionStatus(refused, "Stalled")).toBe("True");
      expect(await team.secret(`bad-${index}`)).toBeUndefined();
    }),
  );
  await team.applyExternalSecret("good", passwordEntry(team));
  await team.waitExternalSecret("good");
  expect(await pathsOf(team, mark)).toEqual([`kv/data/${team.key("db")}`]);
});

/** What the team's login asked of Vault since the mark, apart from looks at its own token. */
async function pathsOf(team: Team, mark: { readonly offset: number }): Promise<readonly string[]> {
  const requests = await world.rig.audit.vault.since(mark);
  const own = requests.filter(({ displayName }) => displayName === `kubernetes-${team.namespace}-${SERVICE_ACCOUNT}`);
  return [...new Set(own.map(({ path }) => path))].filter((path) => !path.startsWith("auth/token/")).sort();
}

test.each([
  {
    what: "the name pattern of a find",
    spec: (team: Team) => ({ dataFrom: [{ find: { path: team.namespace, name: { regexp: "db-(" } } }] }),
    field: "spec.dataFrom[0].find.name.regexp",
  },
  {
    what: "the source of a rewrite",
    spec: (team: Team) => ({
      dataFrom: [{ extract: { key: team.key("db") }, rewrite: [{ regexp: { source: "[z-a]", target: "x" } }] }],
    }),
    field: "spec.dataFrom[0].rewrite[0].regexp.source",
  },
])("an invalid regexp in $what is InvalidSpec until it is edited", async ({ spec, field }) => {
  const team = await readyTeam(world);
  await team.applyExternalSecret("db", spec(team));
  const refused = await team.waitExternalSecret("db", { ready: "False", reason: "InvalidSpec" });
  expect(message(refused)).toBe(`${field}: invalid regular expression: give an RE2 pattern`);
  expect(conditionStatus(refused, "Stalled")).toBe("True");
  await team.applyExternalSecret("db", { dataFrom: undefined, ...passwordEntry(team) });
  await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
});

test("a version that is no number, and metadata of KV v1, are InvalidReference", async () => {
  const team = await readyTeam(world);
  await team.rig.vault.write(`kv1/${team.key("db")}`, { password: team.value() });
  await team.applyStore("old", { path: "kv1", version: "v1" });
  const rows = [
    { name: "a", store: "vault", extra: { version: "latest" }, says: "a version of KV is a whole number from 1 on" },
    { name: "b", store: "old", extra: { version: "1" }, says: "KV version 1 has no versions: remove version" },
    {
      name: "c",
      store: "old",
      extra: { metadataPolicy: "Fetch" },
      says: "KV version 1 has no metadata: remove metadataPolicy",
    },
  ];
  for (const { name, store, extra, says } of rows) {
    const data = [dataEntry("password", team.key("db"), "password", extra)];
    await team.applyExternalSecret(name, { secretStoreRef: { name: store }, data });
    const refused = await team.waitExternalSecret(name, { ready: "False", reason: "InvalidReference" });
    expect(message(refused)).toBe(
      `Vault store ${store} cannot serve ${team.key("db")}: ${says}; correct the reference`,
    );
  }
});
