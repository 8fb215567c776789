// Stores at Azure under the operator as it is shipped, with a service principal: the store's status says whether its
// login works, as soon as the credential changes. Workload identity: three-stores.test.ts.

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testTls } from "../support/tls.ts";
import { type AzureCloud, CLIENT_SECRET, startAzureCloud, VAULT_SUFFIX } from "../testbed/azure/azure-cloud.ts";
import { startServer } from "../testbed/azure/tls-server.ts";
import type { JsonRecord } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { editSecret, makeSecret } from "./support/targets.ts";
import { message, type Team } from "./support/team.ts";
import { applyStore, OPERATOR_ARGS } from "./support/three-stores.ts";
import { startWorld, type World } from "./support/world.ts";

const LOGIN = "azure-login";

let world: World;
let cloud: AzureCloud;
beforeAll(async () => {
  cloud = await startAzureCloud();
  world = await startWorld(rigForSuite(), { args: OPERATOR_ARGS });
});
afterAll(async () => {
  await world.stop();
  await cloud.close();
});

function principalSpec(extra: JsonRecord = {}): JsonRecord {
  const ref = (key: string): JsonRecord => ({ name: LOGIN, key });
  return {
    azurekv: {
      vaultUrl: cloud.vault.url,
      environmentType: "AzureStackCloud",
      customCloudConfig: { activeDirectoryEndpoint: cloud.entra.authority, keyVaultDNSSuffix: VAULT_SUFFIX },
      tenantId: cloud.tenantId,
      authSecretRef: { clientId: ref("client-id"), clientSecret: ref("client-secret") },
      ...extra,
    },
  };
}

/** An ExternalSecret `db` of the team's secret, whose login is a Secret with this client secret. */
async function applyTeam(team: Team, clientSecret: string, extra: JsonRecord = {}): Promise<void> {
  cloud.vault.objects.put("secrets", team.namespace, { value: team.value() });
  const login = { "client-id": cloud.application.clientId, "client-secret": clientSecret };
  await makeSecret(team, LOGIN, { data: login });
  await applyStore(team, "azure", principalSpec(extra));
  const data = [dataEntry("password", team.namespace)];
  await team.applyExternalSecret("db", { secretStoreRef: { name: "azure" }, refreshInterval: "1s", data });
}

test("a wrong client secret never says Ready, and the right one does as soon as the Secret holds it", async () => {
  const team = await world.team();
  await applyTeam(team, `${CLIENT_SECRET}x`);
  const store = await team.waitStore("azure", { ready: "False", reason: "Unauthenticated" });
  expect(message(store)).toContain("the client secret is wrong");
  await team.waitExternalSecret("db", { ready: "False", reason: "Unauthenticated" });
  await editSecret(team, LOGIN, { data: { "client-secret": CLIENT_SECRET } });
  await team.waitStore("azure", { ready: "True", reason: "Valid" });
  await team.waitSecretData("db", { password: team.value() });
  const seen = world.sightings.all().filter((object) => JSON.stringify(object).includes(CLIENT_SECRET));
  expect(seen).toEqual([]);
});

test("a tenant that is not the vault's is told, and right as soon as it is corrected", async () => {
  const team = await world.team();
  await applyTeam(team, CLIENT_SECRET, { tenantId: "00000000-0000-0000-0000-00000000000b" });
  const store = await team.waitStore("azure", { ready: "False" });
  expect(message(store)).toContain("tenant");
  await applyStore(team, "azure", principalSpec());
  await team.waitStore("azure", { ready: "True", reason: "Valid" });
  await team.waitSecretData("db", { password: team.value() });
});

test("a cloud that the operator does not trust is asked nothing, and the store says which host it is", async () => {
  const team = await world.team();
  const hostile = await startServer({ tls: testTls.server, host: "127.0.0.1", answer: () => ({ status: 404 }) });
  onTestFinished(() => hostile.close());
  const customCloudConfig = { activeDirectoryEndpoint: hostile.origin, keyVaultDNSSuffix: VAULT_SUFFIX };
  await applyTeam(team, CLIENT_SECRET, { customCloudConfig });
  const store = await team.waitStore("azure", { ready: "False", reason: "InvalidProviderConfig" });
  expect(message(store)).toContain("names 127.0.0.1, which the operator does not trust");
  expect(hostile.calls).toEqual([]);
});
