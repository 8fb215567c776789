// Stores at AWS under the operator as it is shipped: Secrets are made and follow rotations, and the store's status says
// whether its login works, as soon as a credential changes.

import { afterAll, beforeAll, expect, test } from "vitest";
import { StubSecrets } from "../support/stub-secrets.ts";
import { type KeyPair, MotoAccount, REGION } from "../support/moto-account.ts";
import { type MotoServer, startMoto } from "../testbed/aws/moto-server.ts";
import { type JsonRecord, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { editSecret, makeSecret } from "./support/targets.ts";
import { SERVICE_ACCOUNT, type Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

const INSTALL_MS = 10 * 60_000;
const ROLE = "arn:aws:iam::123456789012:role/reader";
const jwt = { jwt: { serviceAccountRef: { name: SERVICE_ACCOUNT } } };
const keyRefs = {
  secretRef: {
    accessKeyIDSecretRef: { name: "aws-keys", key: "id" },
    secretAccessKeySecretRef: { name: "aws-keys", key: "secret" },
  },
};

let world: World;
let moto: MotoServer;
beforeAll(async () => {
  const rig = rigForSuite();
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  moto = await startMoto({ guardian: rig.guardian, directory: rig.handle.directory, report });
  world = await startWorld(rig, { args: ["--allow-insecure-http"] });
}, INSTALL_MS);
afterAll(async () => {
  await world.stop();
  await moto.stop();
});

async function applyStore(team: Team, auth: JsonRecord, extra: JsonRecord = {}): Promise<void> {
  const aws = { region: REGION, endpoint: moto.address, stsEndpoint: moto.address, auth, ...extra };
  const metadata = { name: "aws", namespace: team.namespace };
  await team.apply({ apiVersion: "fairlead.dev/v1", kind: "SecretStore", metadata, spec: { provider: { aws } } });
}

async function annotate(team: Team, value: string): Promise<void> {
  const annotation = `eks.amazonaws.com/role-arn=${value}`;
  await team.rig.kubectl(["-n", team.namespace, "annotate", "--overwrite", "sa", SERVICE_ACCOUNT, annotation]);
}

/** An ExternalSecret `db` of one key. */
async function applyEntry(team: Team, key: string, spec: JsonRecord = {}): Promise<void> {
  const entries = { data: [dataEntry("password", key, "password")] };
  await team.applyExternalSecret("db", { secretStoreRef: { name: "aws" }, refreshInterval: "1s", ...entries, ...spec });
}

test("a Secret is made with a ServiceAccount's role, and follows each rotation with its version in the status", async () => {
  const account = await MotoAccount.create(moto);
  const team = await world.team();
  await annotate(team, ROLE);
  await applyStore(team, jwt);
  await account.put("app/db", JSON.stringify({ password: team.value("first") }));
  await applyEntry(team, "app/db");
  for (const [n, label] of [
    [1, "first"],
    [2, "second"],
  ] as const) {
    if (n > 1) await account.put("app/db", JSON.stringify({ password: team.value(label) }));
    await team.waitSecretData("db", { password: team.value(label) });
    const where = (object: JsonRecord): boolean =>
      valueAt(object, "status", "versionSummary") === StubSecrets.versionId(n);
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced", where });
  }
  await account.secrets("DeleteSecret", { SecretId: "app/db" });
  await team.waitExternalSecret("db", { ready: "False", reason: "SecretDeletedRemotely" });
  expect(await team.secretData("db")).toEqual({ password: team.value("second") });
});

test("a role that is not named is told at the store, and read with as soon as it is", async () => {
  const account = await MotoAccount.create(moto);
  const team = await world.team();
  await account.put("app/db", JSON.stringify({ password: team.value() }));
  await applyStore(team, jwt);
  await team.waitStore("aws", { ready: "False", reason: "Unauthenticated" });
  await applyEntry(team, "app/db");
  await annotate(team, ROLE);
  await team.waitStore("aws", { ready: "True" });
  await team.waitSecretData("db", { password: team.value() });
});

test("wrong keys never say Ready, and right ones do as soon as the Secret holds them", async () => {
  const account = await MotoAccount.create(moto);
  const team = await world.team();
  await account.put("app/db", JSON.stringify({ password: team.value() }));
  const keys: KeyPair = await account.user("reader", ["secretsmanager:*", "sts:*"]);
  await moto.requireAuthentication();
  await makeSecret(team, "aws-keys", { data: { id: keys.id, secret: `${keys.secret}x` } });
  await applyStore(team, keyRefs);
  await team.waitStore("aws", { ready: "False", reason: "Unauthenticated" });
  await applyEntry(team, "app/db");
  await editSecret(team, "aws-keys", { data: { secret: keys.secret } });
  await team.waitStore("aws", { ready: "True" });
  await team.waitSecretData("db", { password: team.value() });
  await moto.requireNothing();
});

test("parameters become a Secret, found by path", async () => {
  const account = await MotoAccount.create(moto);
  const team = await world.team();
  await annotate(team, ROLE);
  await applyStore(team, jwt, { service: "ParameterStore", prefix: "/app/" });
  const names = ["one", "two"];
  for (const name of names) {
    await account.parameters("PutParameter", { Name: `/app/${name}`, Value: team.value(name), Type: "SecureString" });
  }
  const dataFrom = [{ find: { name: { regexp: "." } } }];
  await team.applyExternalSecret("found", { secretStoreRef: { name: "aws" }, dataFrom });
  await team.waitSecretData("found", Object.fromEntries(names.map((name) => [name, team.value(name)])));
});
