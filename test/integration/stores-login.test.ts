// How stores log in: every way to get a Vault token, every place for a CA, and what is said when a login is refused.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../testbed/certificates.ts";
import type { JsonRecord } from "../testbed/json.ts";
import { listAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { mintServiceAccountToken } from "../testbed/service-account.ts";
import { dataEntry } from "./support/manifests.ts";
import {
  applyClusterStore,
  deleteClusterStore,
  makeAppRole,
  makeToken,
  putObject,
  REPAIR_MS,
  waitClusterStore,
  writeOperatorRole,
} from "./support/stores.ts";
import { passwordEntry } from "./support/targets.ts";
import { message, SERVICE_ACCOUNT, type Team } from "./support/team.ts";
import { byAwsIdentity, byCertificate, byPassword, jwtByServiceAccount, jwtBySecret } from "./support/vault-logins.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite(), {
    env: { POD_NAMESPACE: "fairlead-system", POD_SERVICE_ACCOUNT: "fairlead" },
  });
});
afterAll(async () => {
  await world.stop();
});

async function newTeam(): Promise<Team> {
  const team = await world.team();
  await team.putSecret("db", { password: team.value() });
  return team;
}

async function expectSync(team: Team, storeRef: JsonRecord = { name: "vault" }): Promise<void> {
  await team.applyExternalSecret("db", { secretStoreRef: storeRef, ...passwordEntry(team) });
  await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
  expect(await team.secretData("db")).toEqual({ password: team.value() });
}

describe.concurrent("a store logs in by", () => {
  const methods: readonly { readonly by: string; readonly auth: (team: Team) => Promise<JsonRecord> }[] = [
    {
      by: "Kubernetes, with a token minted for a ServiceAccount",
      auth: (team) =>
        Promise.resolve({ kubernetes: { role: team.namespace, serviceAccountRef: { name: SERVICE_ACCOUNT } } }),
    },
    {
      by: "Kubernetes, with a token from a Secret",
      auth: async (team) => {
        const account = { namespace: team.namespace, name: SERVICE_ACCOUNT };
        const token = await mintServiceAccountToken(team.rig.api, account, { audiences: ["vault"] });
        await putObject(team, "Secret", "jwt", { token });
        return { kubernetes: { role: team.namespace, secretRef: { name: "jwt" } } };
      },
    },
    {
      by: "AppRole, with its role id in the store",
      auth: async (team) => {
        const { roleId, secretId } = await makeAppRole(team);
        await putObject(team, "Secret", "approle", { "secret-id": secretId });
        return { appRole: { roleId, secretRef: { name: "approle", key: "secret-id" } } };
      },
    },
    {
      by: "AppRole, with both ids in a Secret",
      auth: async (team) => {
        const { roleId, secretId } = await makeAppRole(team);
        // A line end, as `echo` leaves one.
        await putObject(team, "Secret", "approle", { "role-id": roleId, "secret-id": `${secretId}\n` });
        const ref = (key: string): JsonRecord => ({ name: "approle", key });
        return { appRole: { roleRef: ref("role-id"), secretRef: ref("secret-id") } };
      },
    },
    {
      by: "a token from a Secret",
      auth: async (team) => {
        await putObject(team, "Secret", "vault-token", { token: await makeToken(team) });
        return { tokenSecretRef: { name: "vault-token", key: "token" } };
      },
    },
    { by: "JWT, with a token minted for a ServiceAccount", auth: jwtByServiceAccount },
    { by: "JWT, with a token from a Secret", auth: jwtBySecret },
    { by: "a client certificate", auth: byCertificate },
    { by: "user name and password", auth: byPassword },
    { by: "an identity of AWS", auth: byAwsIdentity },
  ];

  test.each(methods)("$by", async ({ auth }) => {
    const team = await newTeam();
    await team.applyStore("vault", { auth: await auth(team) });
    const store = await team.waitStore("vault", { ready: "True", reason: "Valid" });
    expect(message(store)).toBe("login and access were checked");
    expect(valueAt(store, "status", "capabilities")).toBe("ReadOnly");
    await expectSync(team);
  });

  test("Kubernetes as the operator itself, if it is a ClusterSecretStore", async () => {
    const team = await newTeam();
    await writeOperatorRole(team);
    const name = team.namespace;
    await applyClusterStore(team, name);
    await waitClusterStore(team, name, { ready: "True", reason: "Valid" });
    await expectSync(team, { name, kind: "ClusterSecretStore" });
    await deleteClusterStore(team, name);
    await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotFound" });
  });
});

describe.concurrent("a login that is refused", () => {
  test("for want of a Role says the Role to apply, and applying it repairs store and ExternalSecret", async () => {
    const team = await newTeam();
    await team.rig.kubectl(["-n", team.namespace, "delete", "rolebinding,role", "fairlead-token"]);
    await team.applyStore();
    await team.applyExternalSecret("db", passwordEntry(team));
    const store = await team.waitStore("vault", { ready: "False", reason: "Unauthenticated" });
    await team.waitExternalSecret("db", { ready: "False", reason: "Unauthenticated" });
    const [what = "", commands = ""] = message(store).split("; allow it with: ");
    expect(what).toBe(`the operator may not request tokens of ServiceAccount ${team.namespace}/${SERVICE_ACCOUNT}`);
    for (const command of commands.split(" && ")) {
      const [program, ...args] = command.split(" ");
      expect(program).toBe("kubectl");
      await team.rig.kubectl(args);
    }
    await team.waitStore("vault", { ready: "True", timeoutMs: REPAIR_MS });
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: REPAIR_MS });
  });

  test("for want of the auth role is Unauthenticated, and right within 30 s after the role is there", async () => {
    const team = await newTeam();
    await team.rig.vault.delete(`auth/kubernetes/role/${team.namespace}`);
    await team.applyStore();
    await team.applyExternalSecret("db", passwordEntry(team));
    const store = await team.waitStore("vault", { ready: "False", reason: "Unauthenticated" });
    expect(message(store)).toBe("Vault refused the Kubernetes login (HTTP 400)");
    const waiting = await team.waitExternalSecret("db", { ready: "False", reason: "Unauthenticated" });
    expect(message(waiting)).toBe(
      "login to Vault store vault failed: Vault refused the Kubernetes login (HTTP 400); correct auth of the store, or its role",
    );
    expect(await team.secret("db")).toBeUndefined();
    await team.writeRole();
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: REPAIR_MS });
    await team.waitStore("vault", { ready: "True", reason: "Valid" });
  });
});

describe.concurrent("a credential in a Secret that is wrong", () => {
  const trials: readonly {
    readonly what: string;
    readonly login: (team: Team) => Promise<JsonRecord>;
    readonly secret: string;
    readonly wrong: Readonly<Record<string, string>>;
    readonly says: string;
  }[] = [
    {
      what: "a password",
      login: byPassword,
      secret: "user",
      wrong: { password: "wrong" },
      says: "Vault refused the userPass login (HTTP 400)",
    },
    {
      what: "a private key",
      login: byCertificate,
      secret: "client",
      wrong: { "tls.key": "none" },
      says: "the key tls.key of Secret client is no private key in PEM, or not that of the client certificate",
    },
  ];

  test.each(trials)("$what: Unauthenticated, and right within seconds after it is corrected", async (row) => {
    const team = await newTeam();
    const auth = await row.login(team);
    const right = await team.secretData(row.secret);
    await putObject(team, "Secret", row.secret, { ...right, ...row.wrong });
    await team.applyStore("vault", { auth });
    const store = await team.waitStore("vault", { ready: "False", reason: "Unauthenticated" });
    expect(message(store)).toBe(row.says);
    await putObject(team, "Secret", row.secret, { ...right });
    await team.waitStore("vault", { ready: "True", reason: "Valid", timeoutMs: 10_000 });
    await expectSync(team);
  });
});

describe.concurrent("a store trusts", () => {
  const encoded = (pem: string): string => Buffer.from(pem).toString("base64");

  test.each(["Secret", "ConfigMap"] as const)("the CA that a %s holds", async (type) => {
    const team = await newTeam();
    await putObject(team, type, "vault-ca", { "ca.crt": team.rig.vault.caPem });
    await team.applyStore("vault", { caBundle: undefined, caProvider: { type, name: "vault-ca", key: "ca.crt" } });
    await team.waitStore();
    await expectSync(team);
  });

  test("no server of another authority: Unreachable, and ExternalSecrets say ProviderUnavailable", async () => {
    const team = await newTeam();
    const other = await createCertificateAuthority("other");
    await team.applyStore("vault", { caBundle: encoded(other.certificatePem) });
    await team.applyExternalSecret("db", passwordEntry(team));
    const store = await team.waitStore("vault", { ready: "False", reason: "Unreachable" });
    expect(message(store)).toBe(
      "TLS failed: the server's certificate is not signed by a trusted authority (check the store's CA or the operator's --ca-bundle-file)",
    );
    await team.waitExternalSecret("db", { ready: "False", reason: "ProviderUnavailable" });
    await team.applyStore();
    await team.waitExternalSecret("db");
  });

  test.each([
    {
      what: "an http:// server without the flag",
      vault: { server: "http://127.0.0.1:8200" },
      says: "spec.provider.vault.server must begin with https:// (or run the operator with --allow-insecure-http)",
    },
    {
      what: "a caBundle that is none",
      vault: { caBundle: encoded("no certificate") },
      says: "spec.provider.vault.caBundle: caBundle must be the base64 of PEM certificates",
    },
  ])("not $what: InvalidProviderConfig and StoreNotReady, right within seconds after it is fixed", async (row) => {
    const team = await newTeam();
    await team.applyStore("vault", row.vault);
    await team.applyExternalSecret("db", passwordEntry(team));
    const store = await team.waitStore("vault", { ready: "False", reason: "InvalidProviderConfig" });
    expect(message(store)).toBe(row.says);
    await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotReady" });
    await team.applyStore();
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: 10_000 });
  });
});

describe.concurrent("a store reads", () => {
  test("KV v1, which has no versions, and follows its changes", async () => {
    const team = await world.team();
    const path = `kv1/${team.key("db")}`;
    await team.rig.vault.write(path, { password: team.value("old") });
    await team.applyStore("vault", { path: "kv1", version: "v1" });
    await team.applyExternalSecret("db", { refreshInterval: "1s", ...passwordEntry(team) });
    const synced = await team.waitExternalSecret("db");
    expect(valueAt(synced, "status", "versionSummary")).toBe("unversioned");
    expect(listAt(synced, "status", "entries")).toEqual([
      {
        ...{ storeKind: "SecretStore", store: "vault", key: team.key("db") },
        ...{ secretKeys: ["password"], secretKeysTotal: 1, state: "Synced" },
      },
    ]);
    await team.rig.vault.write(path, { password: team.value("new") });
    await team.waitSecretData("db", { password: team.value("new") });
  });

  test("keys that name their mount, if it names none", async () => {
    const team = await newTeam();
    await team.applyStore("vault", { path: undefined });
    await team.waitStore();
    await team.applyExternalSecret("db", {
      data: [
        dataEntry("short", `kv/${team.key("db")}`, "password"),
        dataEntry("long", `kv/data/${team.key("db")}`, "password"),
      ],
    });
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({ short: team.value(), long: team.value() });
  });

  test("keys with or without its mount and data/", async () => {
    const team = await newTeam();
    await team.applyStore();
    await team.applyExternalSecret("db", {
      data: ["", "kv/", "kv/data/"].map((prefix, index) =>
        dataEntry(`k${index}`, `${prefix}${team.key("db")}`, "password"),
      ),
    });
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({ k0: team.value(), k1: team.value(), k2: team.value() });
  });
});
