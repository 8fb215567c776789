// The Azure provider against the stand-in of Key Vault and Entra by the real clock: the contract of all providers, and
// workload identity from end to end, with a ServiceAccount and the keys of a real API server.

import type { JsonWebKey } from "node:crypto";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CredentialReader } from "../../src/core/provider/credentials.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import { createKubernetesClient, type KubernetesClient } from "../../src/kubernetes/rest-client.ts";
import { createAzureProvider } from "../../src/providers/azure/azure-provider.ts";
import { clusterCredentialReader, namespacedCredentialReader } from "../../src/refresh/credential-reader.ts";
import { systemClock } from "../../src/runtime/system-clock.ts";
import { contractStores } from "../contract/cases.ts";
import { describeProviderContract } from "../contract/provider-contract.ts";
import { createAzureContractRig } from "../support/azure-contract.ts";
import { accountAuth, NEVER, refTo, valueOf } from "../support/azure-rig.ts";
import { azureTraits } from "../support/azure-traits.ts";
import { EXCHANGE_AUDIENCE } from "../support/federated-issuer.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { testEgress } from "../support/test-egress.ts";
import { testTls } from "../support/tls.ts";
import { type AzureCloud, startAzureCloud, VAULT_SUFFIX } from "../testbed/azure/azure-cloud.ts";
import { parseJson, textAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { createRestClient } from "../testbed/rest-client.ts";
import type { RigHandle } from "../testbed/rig-handle.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";

describeProviderContract(contractStores.azure, createAzureContractRig, azureTraits);

const NAMESPACE = "azure-workloads";

describe("workload identity, from a ServiceAccount of the cluster to a secret of the vault", () => {
  let cloud: AzureCloud;
  let client: KubernetesClient;
  const providers: SecretProvider[] = [];

  beforeAll(async () => {
    tls.setDefaultCACertificates([...tls.getCACertificates("default"), testTls.ca]);
    const { api, handle } = rigForSuite();
    cloud = await startAzureCloud();
    cloud.vault.objects.put("secrets", "app", { value: "canary-value" });
    client = clientOf(handle);
    await ok(api.post("/api/v1/namespaces", { metadata: { name: NAMESPACE } }));
    for (const name of ["app", "stranger"]) {
      await ok(
        api.post(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, {
          metadata: {
            name,
            annotations: {
              "azure.workload.identity/client-id": cloud.application.clientId,
              "azure.workload.identity/tenant-id": cloud.tenantId,
            },
          },
        }),
      );
    }
    const discovery = await ok(api.get("/.well-known/openid-configuration"));
    const issuer = textAt(discovery, "issuer");
    cloud.application.federated = [
      { issuer, subject: `system:serviceaccount:${NAMESPACE}:app`, audiences: [EXCHANGE_AUDIENCE] },
    ];
    // What Entra reads at the issuer's jwks_uri: the keys that the cluster signs with now.
    const { server: origin, caPem, admin: clientCertificate } = handle.kubernetes;
    const anyone = createRestClient({
      origin,
      caPem,
      clientCertificate,
      headers: { accept: "application/jwk-set+json" },
    });
    cloud.entra.trustIssuer(issuer, async () => {
      const { text } = await anyone.call({ method: "GET", path: "/openid/v1/jwks" });
      return keySet(text);
    });
  });
  afterAll(async () => {
    for (const provider of providers) await provider.close();
    client.close();
    await cloud.close();
    await rigForSuite().api.delete(`/api/v1/namespaces/${NAMESPACE}`);
  });

  function provider(account: string, reader: (tenant: string) => CredentialReader): SecretProvider {
    const made = createAzureProvider(
      {
        kind: "azurekv",
        vaultUrl: cloud.vault.url,
        cloud: { kind: "custom", authority: cloud.entra.authority, vaultSuffix: VAULT_SUFFIX },
        tenantId: undefined,
        auth: { ...accountAuth, ref: { ...accountAuth.ref, name: account } },
      },
      {
        credentials: reader(NAMESPACE),
        clock: systemClock,
        random: Math.random,
        log: recordingLogger().log,
        egress: testEgress(),
        trustedHosts: ["localhost"],
        limiter: (task) => task(),
      },
    );
    providers.push(made);
    return made;
  }

  const readerDeps = () => ({
    client,
    operator: undefined,
    readOperatorToken: () => Promise.resolve(undefined),
    operatorIdentity: { variable: () => undefined, readFile: () => Promise.resolve(undefined) },
    onRead: () => undefined,
  });
  const namespaced = (tenant: string): CredentialReader => namespacedCredentialReader(readerDeps(), tenant);
  const cluster = (tenant: string): CredentialReader => clusterCredentialReader(readerDeps(), tenant);

  test.each([
    { kind: "SecretStore", reader: namespaced },
    { kind: "ClusterSecretStore", reader: cluster },
  ])("serves a $kind", async ({ reader }) => {
    const store = provider("app", reader);
    expect(await store.validate(NEVER)).toMatchObject({ ok: true });
    expect(await valueOf(store, refTo("app"))).toBe("canary-value");
  });

  test("refuses a ServiceAccount that the application does not trust", async () => {
    const answer = await provider("stranger", namespaced).validate(NEVER);
    expect(answer).toMatchObject({ ok: false, error: { kind: "unauthenticated" } });
    expect(answer.ok || answer.error.detail).toContain("no federated credential that fits");
  });

  test("says which ServiceAccount is not there", async () => {
    expect(await provider("nobody", namespaced).validate(NEVER)).toMatchObject({
      ok: false,
      error: { kind: "unauthenticated", detail: `ServiceAccount ${NAMESPACE}/nobody does not exist` },
    });
  });
});

function clientOf({ kubernetes: { server, caPem, admin } }: RigHandle): KubernetesClient {
  const keyPem = SecretValue.ofUtf8(admin.privateKeyPem);
  const credentials = { caPem, clientCertificate: { certPem: admin.certificatePem, keyPem }, bearerToken: undefined };
  const connection = {
    ...{ serverUrl: server, tlsServerName: undefined, namespace: undefined, inCluster: false },
    loadCredentials: () => Promise.resolve(credentials),
  };
  return createKubernetesClient({ connection, clock: systemClock, userAgent: "fairlead/test" });
}

function keySet(text: string): { readonly keys: readonly JsonWebKey[] } {
  const parsed = parseJson(text);
  const keys = typeof parsed === "object" && parsed !== null && "keys" in parsed ? parsed.keys : undefined;
  if (!Array.isArray(keys)) throw new Error("the cluster shows no keys");
  return { keys };
}
