// What the stores of a fuzzed namespace hold: written to the real Vault once, kept here for the oracle, and never changed
// during a run, so that what a spec wants is known at any time. Every value holds the canary.

import type { Team } from "../integration/support/team.ts";
import type { JsonRecord } from "../testbed/json.ts";

export interface RemoteVersion {
  readonly values: JsonRecord;
  readonly state: "live" | "deleted" | "destroyed";
}

export interface RemoteSecret {
  /** Oldest first; the last is the current one. */
  readonly versions: readonly [RemoteVersion, ...RemoteVersion[]];
  readonly tags: Readonly<Record<string, string>>;
}

/** By key, as written in a spec. */
export type RemoteMount = ReadonlyMap<string, RemoteSecret>;

export interface RemoteModel {
  readonly kv: RemoteMount;
  readonly kv1: RemoteMount;
}

/** Below the namespace: the store's login may not read or list it. */
export const DENIED_FOLDER = "denied";

export function remoteModel(namespace: string, canary: string): RemoteModel {
  const value = (label: string): string => `${label}-${canary}`;
  const kv = Object.entries(kvSecrets(value));
  const kv1 = Object.entries({ "app/db": { username: value("app"), password: value("one") } });
  return {
    kv: new Map(kv.map(([name, secret]) => [`${namespace}/${name}`, secret])),
    kv1: new Map(kv1.map(([name, values]) => [`${namespace}/${name}`, remote([values])])),
  };
}

function kvSecrets(value: (label: string) => string): Readonly<Record<string, RemoteSecret>> {
  const second = {
    username: value("app"),
    password: value("new"),
    port: 5432,
    enabled: true,
    nothing: null,
    nested: { deep: { leaf: value("leaf"), more: value("more") }, list: [value("zero"), { in: value("one") }] },
    "dotted.name": value("dotted"),
  };
  return {
    "app/db": remote([{ username: value("app"), password: value("old") }, second]),
    "app/all": remote([{ plain: value("a"), "with space": value("b"), "sl/ash": value("c"), ünïcode: value("d😀") }]),
    "app/coded": remote([
      {
        standard: Buffer.from(value("bytes: >>>???")).toString("base64"),
        url: Buffer.from(value("bytes: >>>???")).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
        text: value("no base64!"),
      },
    ]),
    "app/collide": remote([{ "a b": value("a"), "a/b": value("b") }]),
    "app/odd": remote([{ "..dots": value("a"), fine: value("b") }]),
    "app/nul": remote([{ text: value("a\u0000b") }]),
    "app/gone": remote([{ password: value("gone") }], "deleted"),
    "app/destroyed": remote([{ password: value("destroyed") }], "destroyed"),
    "app/half": remote([{ password: value("kept") }, { password: value("half") }], "deleted"),
    [`${DENIED_FOLDER}/key`]: remote([{ password: value("denied") }]),
    "find/db-1": remote([{ password: value("one") }], "live", { tier: "db", team: "a" }),
    "find/db-2": remote([{ password: value("two") }], "live", { tier: "db", team: "b" }),
    "find/web-1": remote([{ token: value("web") }], "live", { tier: "web" }),
    "find/nested/db-3": remote([{ password: value("three") }]),
  };
}

/** `state` is that of the last version. */
function remote(
  values: readonly [JsonRecord, ...JsonRecord[]],
  state: RemoteVersion["state"] = "live",
  tags: Readonly<Record<string, string>> = {},
): RemoteSecret {
  const [first, ...others] = values;
  const version = (content: JsonRecord, index: number): RemoteVersion => ({
    values: content,
    state: index === values.length - 1 ? state : "live",
  });
  return { versions: [version(first, 0), ...others.map((content, index) => version(content, index + 1))], tags };
}

/** Writes all of it, and lets the team's login read everything but the denied folder. */
export async function plantRemotes({ rig, namespace }: Team, model: RemoteModel): Promise<void> {
  await rig.vault.putPolicy(namespace, policyOf(namespace));
  for (const [key, secret] of model.kv1) await rig.vault.write(`kv1/${key}`, { ...secret.versions[0].values });
  for (const [key, { versions, tags }] of model.kv) {
    for (const { values } of versions) await rig.vault.putSecret("kv", key, values);
    if (Object.keys(tags).length > 0) await rig.vault.write(`kv/metadata/${key}`, { custom_metadata: tags });
    const state = versions.at(-1)?.state;
    if (state === "deleted") await rig.vault.delete(`kv/data/${key}`);
    if (state === "destroyed") await rig.vault.write(`kv/destroy/${key}`, { versions: [versions.length] });
  }
}

function policyOf(namespace: string): string {
  return `
path "kv/data/${namespace}/*" { capabilities = ["read"] }
path "kv/metadata/${namespace}/*" { capabilities = ["read", "list"] }
path "kv/metadata/${namespace}" { capabilities = ["list"] }
path "kv/data/${namespace}/${DENIED_FOLDER}/*" { capabilities = ["deny"] }
path "kv/metadata/${namespace}/${DENIED_FOLDER}/*" { capabilities = ["deny"] }
path "kv1/${namespace}/*" { capabilities = ["read", "list"] }`;
}
