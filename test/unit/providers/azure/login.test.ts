// Every way to log in, and what a refusal says: never the vendor's text, never what was sent.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SecretProvider } from "../../../../src/core/provider/port.ts";
import type { AzureAuth } from "../../../../src/core/spec/azure-store.ts";
import { accountAuth, AzureRig, NEVER, refTo, secretAuth, valueOf } from "../../../support/azure-rig.ts";
import { CLIENT_SECRET } from "../../../testbed/azure/azure-cloud.ts";
import { createCertificateAuthority, type KeyPair } from "../../../testbed/certificates.ts";

const certificateAuth = {
  ...secretAuth,
  proof: { kind: "certificate", ref: { name: "azure", key: "client-certificate", namespace: undefined } },
} as const satisfies AzureAuth;
const TOKEN_FILE = "/var/run/secrets/azure/tokens/azure-identity-token";

let rig: AzureRig;
beforeEach(async () => {
  rig = await AzureRig.start();
  rig.putSecret("app", "canary-value");
});
afterEach(() => rig.close());

/** Where the login failed: kind and detail; both must be free of what servers and Secrets say. */
async function refusalOf(provider: SecretProvider): Promise<string> {
  const answer = await provider.validate(NEVER);
  if (answer.ok) return "ok";
  const told = JSON.stringify([answer.error, rig.logged.lines]);
  for (const canary of ["vendor-text-canary", "AADSTS", CLIENT_SECRET, "wrong-word", "eyJ"]) {
    expect(told).not.toContain(canary);
  }
  return `${answer.error.kind}: ${answer.error.detail}`;
}

async function leaf(): Promise<KeyPair> {
  const authority = await createCertificateAuthority("client");
  return authority.issue({ commonName: "client" });
}

describe("a service principal", () => {
  test("logs in by a client secret, without the line end that its Secret has", async () => {
    expect(await valueOf(rig.provider(), refTo("app"))).toBe("canary-value");
    expect(rig.logins).toEqual(["ok"]);
  });

  test.each([
    {
      given: "a wrong secret",
      key: "azure/client-secret",
      value: "wrong-word",
      detail: "the client secret is wrong (HTTP 401)",
    },
    {
      given: "an empty one",
      key: "azure/client-secret",
      value: " \n",
      detail: "key client-secret of Secret azure is empty",
    },
    {
      given: "an unknown client",
      key: "azure/client-id",
      value: "b2a9d0f4-0000-4c63-8d9f-5e0c7a1d9b22",
      detail: "the tenant has no application with this client id (HTTP 400)",
    },
    {
      given: "a client id that is none",
      key: "azure/client-id",
      value: "../x",
      detail: "key client-id of Secret azure holds no id of Azure",
    },
  ])("with $given never validates", async ({ key, value, detail }) => {
    rig.objects.set(key, value);
    expect(await refusalOf(rig.provider())).toBe(`unauthenticated: ${detail}`);
  });

  test("of a tenant that does not exist, or a Secret without the key, never validates", async () => {
    const tenantId = "00000000-6a44-4a6e-9d43-0d6a5c3b7e10";
    expect(await refusalOf(rig.provider({ tenantId }))).toBe("unauthenticated: there is no such tenant (HTTP 400)");
    rig.objects.delete("azure/client-secret");
    expect(await refusalOf(rig.provider())).toBe("unauthenticated: Secret azure has no key client-secret");
  });

  test("logs in by a certificate that the application knows, and by no other", async () => {
    const { certificatePem, privateKeyPem } = await leaf();
    const other = await leaf();
    rig.cloud.application.certificatesPem = [certificatePem];
    rig.objects.set("azure/client-certificate", `${certificatePem}\n${privateKeyPem}`);
    expect(await refusalOf(rig.provider({ auth: certificateAuth }))).toBe("ok");
    rig.objects.set("azure/client-certificate", `${other.certificatePem}\n${other.privateKeyPem}`);
    const detail = "the certificate is not one of the application, or does not fit its private key (HTTP 401)";
    expect(await refusalOf(rig.provider({ auth: certificateAuth }))).toBe(`unauthenticated: ${detail}`);
    rig.objects.set("azure/client-certificate", `${certificatePem}\n${other.privateKeyPem}`);
    expect(await refusalOf(rig.provider({ auth: certificateAuth }))).toBe(`unauthenticated: ${detail}`);
  });

  test.each(["wrong-word", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])(
    "with %j for a certificate is told what one is",
    async (pem) => {
      rig.objects.set("azure/client-certificate", pem);
      expect(await refusalOf(rig.provider({ auth: certificateAuth }))).toBe(
        "unauthenticated: the certificate must be one PEM of a certificate and its private key",
      );
    },
  );

  test("is not taken from the environment, nor is where it logs in", async () => {
    vi.stubEnv("AZURE_AUTHORITY_HOST", "https://elsewhere.example.com");
    vi.stubEnv("AZURE_TENANT_ID", "elsewhere");
    vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:1");
    try {
      expect(await valueOf(rig.provider(), refTo("app"))).toBe("canary-value");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test.each(["westeurope", "AutoDiscoverRegion"])(
    "is not led to another host by AZURE_REGIONAL_AUTHORITY_NAME=%s",
    async (region) => {
      vi.stubEnv("AZURE_REGIONAL_AUTHORITY_NAME", region);
      try {
        expect(["canary-value", "unavailable"]).toContain(await valueOf(rig.provider(), refTo("app")));
        expect(rig.limited).toBe(rig.cloud.entra.server.calls.length + rig.cloud.vault.server.calls.length);
      } finally {
        vi.unstubAllEnvs();
      }
    },
  );
});

describe("a ServiceAccount", () => {
  test("logs in as the application of its annotations, by a token for Entra alone", async () => {
    expect(await refusalOf(rig.provider({ auth: accountAuth, tenantId: undefined }))).toBe("ok");
    expect(rig.audiences).toEqual(["api://AzureADTokenExchange"]);
    expect(rig.loginCount).toBe(1);
  });

  test("that no federated credential names is refused", async () => {
    rig.cloud.application.federated = [];
    expect(await refusalOf(rig.provider({ auth: accountAuth }))).toMatch(
      /^unauthenticated: the application has no federated/,
    );
  });

  test.each([
    {
      given: "no client id",
      change: () => delete rig.annotations["azure.workload.identity/client-id"],
      told: /^unauthenticated: no client id is given/,
    },
    {
      given: "no tenant id",
      change: () => delete rig.annotations["azure.workload.identity/tenant-id"],
      told: /^unauthenticated: no tenant id is given/,
    },
    {
      given: "another tenant than the store",
      change: () => (rig.annotations["azure.workload.identity/tenant-id"] = "other"),
      tenant: true,
      told: /^unauthenticated: the tenant id is given twice, and differs/,
    },
    {
      given: "an id that is none",
      change: () => (rig.annotations["azure.workload.identity/client-id"] = "../x"),
      told: /^unauthenticated: the client id holds no id/,
    },
  ])("with $given is told so, and nothing leaves", async ({ change, told, tenant = false }) => {
    change();
    const tenantId = tenant ? rig.cloud.tenantId : undefined;
    expect(await refusalOf(rig.provider({ auth: accountAuth, tenantId }))).toMatch(told);
    expect(rig.cloud.entra.server.calls).toEqual([]);
  });
});

describe("the operator's own pod", () => {
  const auth = { kind: "operator", clientId: undefined } as const;
  beforeEach(() => {
    rig.environment = {
      AZURE_CLIENT_ID: rig.cloud.application.clientId,
      AZURE_TENANT_ID: rig.cloud.tenantId,
      AZURE_FEDERATED_TOKEN_FILE: TOKEN_FILE,
    };
    rig.files.set(TOKEN_FILE, rig.issuer.token("fairlead:operator", rig.clock.nowMs()));
  });

  test("logs in with its projected token", async () => {
    expect(await refusalOf(rig.provider({ auth, tenantId: undefined }))).toBe("ok");
  });

  test("is refused to a namespaced store, and nothing leaves", async () => {
    rig.environment = undefined;
    expect(await refusalOf(rig.provider({ auth }))).toBe("invalidConfig: for ClusterSecretStores only");
    expect(rig.cloud.entra.server.calls).toEqual([]);
  });

  test.each(["AZURE_CLIENT_ID", "AZURE_TENANT_ID"])("without %s says that it is missing", async (name) => {
    Reflect.deleteProperty(rig.environment ?? {}, name);
    expect(await refusalOf(rig.provider({ auth, tenantId: undefined }))).toBe(
      `unauthenticated: the operator's pod has no workload identity: ${name} is not set`,
    );
  });

  test("without its token file says so", async () => {
    rig.files.clear();
    expect(await refusalOf(rig.provider({ auth }))).toMatch(/AZURE_FEDERATED_TOKEN_FILE names no file/);
  });
});

describe("a managed identity of the node", () => {
  const auth = { kind: "managedIdentity", clientId: undefined } as const;

  test.each([false, true])("logs in, named: %s", async (isNamed) => {
    const clientId = isNamed ? rig.cloud.application.clientId : undefined;
    expect(await refusalOf(rig.provider({ auth: { ...auth, clientId }, tenantId: undefined }))).toBe("ok");
    expect(rig.loginCount).toBe(0);
    expect(rig.cloud.imds.server.calls).toHaveLength(1);
  });

  test("that the node does not have is unauthenticated", async () => {
    expect(await refusalOf(rig.provider({ auth: { ...auth, clientId: "another" } }))).toMatch(
      /^unauthenticated: the node has no such managed identity/,
    );
  });

  test("is refused to a namespaced store, and the node is not asked", async () => {
    rig.environment = undefined;
    expect(await refusalOf(rig.provider({ auth }))).toMatch(/^invalidConfig/);
    expect(rig.cloud.imds.server.calls).toEqual([]);
  });

  test("from a node that gives none is unavailable", async () => {
    await rig.cloud.imds.close();
    rig.cloud.imds.close = () => Promise.resolve();
    expect(await refusalOf(rig.provider({ auth }))).toBe(
      "unavailable: the node gives no managed identity: connection refused",
    );
  });
});

describe("the login's own troubles", () => {
  const tokenPath = (): string => `/${rig.cloud.tenantId}/oauth2/v2.0/token`;

  test.each([
    {
      status: 429,
      headers: { "Retry-After": "7" },
      body: '{"error":"x"}',
      error: { kind: "throttled", retryAfterMs: 7_000 },
    },
    { status: 503, headers: { "Retry-After": "3" }, body: "", error: { kind: "unavailable", retryAfterMs: 3_000 } },
    { status: 400, headers: {}, body: "<html>vendor-text-canary</html>", error: { kind: "unavailable" } },
    { status: 200, headers: {}, body: "<html>vendor-text-canary</html>", error: { kind: "unavailable" } },
    { status: 200, headers: {}, body: "{}", error: { kind: "unavailable" } },
    { status: 307, headers: { Location: "https://localhost/x" }, body: "", error: { kind: "unavailable" } },
    { status: 401, headers: {}, body: '{"error":"invalid_client"}', error: { kind: "unauthenticated" } },
  ])("HTTP $status with $body is $error.kind, asked once", async ({ status, headers, body, error }) => {
    rig.cloud.entra.server.faults.set(tokenPath(), (response) => response.writeHead(status, headers).end(body));
    const answer = await rig.provider().validate(NEVER);
    expect(answer).toMatchObject({ ok: false, error });
    expect(JSON.stringify([answer, rig.logged.lines])).not.toContain("vendor-text-canary");
    expect(rig.loginCount).toBe(1);
    expect(rig.logins).toEqual([error.kind]);
  });

  test("a login that is down is unavailable, and one that is silent too, after the deadline", async () => {
    rig.cloud.entra.server.faults.set(tokenPath(), () => undefined);
    const arrival = rig.cloud.entra.server.arrival(tokenPath());
    const answer = rig.provider().validate(NEVER);
    await arrival;
    rig.clock.advance(10_000);
    expect(await answer).toMatchObject({ ok: false, error: { kind: "unavailable", detail: "no answer within 10 s" } });
    await rig.cloud.entra.close();
    rig.cloud.entra.close = () => Promise.resolve();
    expect(await rig.provider().validate(NEVER)).toMatchObject({ error: { detail: "connection refused" } });
  });
});
