// What an Azure provider needs around it, in memory: the stand-in of the cloud, credentials of a cluster, a clock that
// tests move, a limiter that counts, a log that keeps its lines.

import tls from "node:tls";
import type { CredentialError, CredentialReader } from "../../src/core/provider/credentials.ts";
import type { RemoteRef, SecretProvider } from "../../src/core/provider/port.ts";
import { remoteRefId } from "../../src/core/provider/port.ts";
import { failed, ok, type Result } from "../../src/core/result.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { AzureAuth, AzureStoreSpec } from "../../src/core/spec/azure-store.ts";
import type { ObjectKeyRef } from "../../src/core/spec/secret-store.ts";
import { createAzureProvider } from "../../src/providers/azure/azure-provider.ts";
import type { ProviderDeps, RequestFacts } from "../../src/providers/provider-deps.ts";
import { type AzureCloud, CLIENT_SECRET, startAzureCloud, VAULT_SUFFIX } from "../testbed/azure/azure-cloud.ts";
import { generateRsaKeys } from "../testbed/certificates.ts";
import { createIssuer, EXCHANGE_AUDIENCE, type FederatedIssuer, ISSUER } from "./federated-issuer.ts";
import { FakeClock } from "./fake-clock.ts";
import { recordingLogger } from "./recording-logger.ts";
import { testEgress } from "./test-egress.ts";
import { testTls } from "./tls.ts";

export const NEVER = new AbortController().signal;
export const TOKEN_SECONDS = 3600;

function keyRef(key: string): ObjectKeyRef {
  return { name: "azure", key, namespace: undefined };
}

export const secretAuth = {
  kind: "servicePrincipal",
  clientId: keyRef("client-id"),
  tenantId: undefined,
  proof: { kind: "secret", ref: keyRef("client-secret") },
} as const satisfies AzureAuth;

export const accountAuth = {
  kind: "serviceAccount",
  ref: { name: "app", audiences: [], namespace: undefined },
  clientId: undefined,
  tenantId: undefined,
} as const satisfies AzureAuth;

export function refTo(key: string, overrides: Partial<RemoteRef> = {}): RemoteRef {
  return { key, version: undefined, metadataPolicy: "None", ...overrides };
}

/** One set for all rigs of a process: making it takes longer than a test. */
let sharedKeys: ReturnType<typeof makeKeys> | undefined;

async function makeKeys() {
  return { keys: await generateRsaKeys(), issuer: await createIssuer() };
}

export class AzureRig {
  readonly cloud: AzureCloud;
  readonly issuer: FederatedIssuer;
  readonly clock: FakeClock;
  readonly logged = recordingLogger();
  readonly requestFacts: RequestFacts[] = [];
  readonly logins: string[] = [];
  /** Values of Secrets, by `name/key`. */
  readonly objects = new Map([["azure/client-secret", `${CLIENT_SECRET}\n`]]);
  /** Of the ServiceAccount `app`. */
  readonly annotations: Record<string, string> = {};
  /** Audiences that tokens were asked for. */
  readonly audiences: string[] = [];
  /** Of the operator's own pod; undefined: this store may not use it. */
  environment: Record<string, string> | undefined = {};
  readonly files = new Map<string, string>();
  /** Requests that passed the limiter. */
  limited = 0;
  readonly #providers: SecretProvider[] = [];

  private constructor(cloud: AzureCloud, issuer: FederatedIssuer, clock: FakeClock) {
    this.cloud = cloud;
    this.issuer = issuer;
    this.clock = clock;
    this.objects.set("azure/client-id", cloud.application.clientId);
    cloud.application.federated = [
      { issuer: ISSUER, subject: "system:serviceaccount:team-a:app", audiences: [EXCHANGE_AUDIENCE] },
      { issuer: ISSUER, subject: "system:serviceaccount:fairlead:operator", audiences: [EXCHANGE_AUDIENCE] },
    ];
    cloud.entra.trustIssuer(ISSUER, issuer.keys);
    this.annotations["azure.workload.identity/client-id"] = cloud.application.clientId;
    this.annotations["azure.workload.identity/tenant-id"] = cloud.tenantId;
  }

  static async start(): Promise<AzureRig> {
    // As trusted-roots.ts does it for the operator; a store of Azure names no CA of its own.
    tls.setDefaultCACertificates([...tls.getCACertificates("default"), testTls.ca]);
    // MSAL dates its assertions by the clock of the process: ours begins there, and is moved by tests alone.
    const clock = new FakeClock(Date.now());
    const { keys, issuer } = await (sharedKeys ??= makeKeys());
    const cloud = await startAzureCloud({ keys, nowMs: () => clock.nowMs(), tokenSeconds: TOKEN_SECONDS });
    return new AzureRig(cloud, issuer, clock);
  }

  spec(overrides: Partial<AzureStoreSpec> = {}): AzureStoreSpec {
    return {
      kind: "azurekv",
      vaultUrl: this.cloud.vault.url,
      cloud: { kind: "custom", authority: this.cloud.entra.authority, vaultSuffix: VAULT_SUFFIX },
      tenantId: this.cloud.tenantId,
      auth: secretAuth,
      ...overrides,
    };
  }

  provider(overrides: Partial<AzureStoreSpec> = {}, deps: Partial<ProviderDeps> = {}): SecretProvider {
    const provider = createAzureProvider(this.spec(overrides), { ...this.deps(), ...deps }, this.cloud.imds.url);
    this.#providers.push(provider);
    return provider;
  }

  deps(): ProviderDeps {
    return {
      credentials: this.credentials(),
      clock: this.clock,
      random: () => 0.5,
      log: this.logged.log,
      egress: testEgress(),
      trustedHosts: ["localhost"],
      limiter: (task, signal) => {
        signal.throwIfAborted();
        this.limited += 1;
        return task();
      },
      onRequest: (facts) => this.requestFacts.push(facts),
      onLogin: (outcome) => this.logins.push(outcome),
    };
  }

  credentials(): CredentialReader {
    const readKey = (ref: ObjectKeyRef): Promise<Result<SecretValue, CredentialError>> => {
      const text = this.objects.get(`${ref.name}/${ref.key}`);
      return Promise.resolve(
        text === undefined
          ? failed({ kind: "missing", detail: `Secret ${ref.name} has no key ${ref.key}` })
          : ok(SecretValue.ofUtf8(text)),
      );
    };
    return {
      readSecretKey: readKey,
      readConfigMapKey: readKey,
      readAnnotations: () => Promise.resolve(ok(this.annotations)),
      requestToken: (ref, defaultAudience) => {
        this.audiences.push(...(ref.audiences.length > 0 ? ref.audiences : [defaultAudience]));
        const token = SecretValue.ofUtf8(this.issuer.token(`team-a:${ref.name}`, this.clock.nowMs()));
        return Promise.resolve(ok({ token, expiresAtMs: this.clock.nowMs() + 600_000 }));
      },
      readOperatorToken: () => Promise.resolve(failed({ kind: "missing", detail: "the operator has no token file" })),
      operatorIdentity: () => {
        const { environment, files } = this;
        if (environment === undefined) return failed({ kind: "refused", detail: "for ClusterSecretStores only" });
        return ok({
          variable: (name) => environment[name],
          readFile: (path) => {
            const text = files.get(path);
            return Promise.resolve(text === undefined ? undefined : SecretValue.ofUtf8(text));
          },
        });
      },
    };
  }

  putSecret(name: string, value: string, changes: Parameters<AzureCloud["vault"]["objects"]["put"]>[3] = {}): string {
    return this.cloud.vault.objects.put("secrets", name, { value }, changes);
  }

  /** Token requests that reached the login. */
  get loginCount(): number {
    return this.cloud.entra.server.calls.filter(({ method }) => method === "POST").length;
  }

  /** Paths that the vault was asked for with an accepted token. */
  get asked(): readonly string[] {
    return this.cloud.vault.accepted.map(({ url }) => url.pathname);
  }

  async close(): Promise<void> {
    this.cloud.vault.server.faults.clear();
    await Promise.all(this.#providers.map((provider) => provider.close()));
    await this.cloud.close();
  }
}

/** The value as text; or the kind of the failure. */
export async function valueOf(provider: SecretProvider, ref: RemoteRef, signal = NEVER): Promise<string> {
  const answer = (await provider.readSecrets([ref], signal)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer.ok ? answer.value.payload.revealUtf8() : answer.error.kind;
}

/** The identity of the version; or the kind of the failure. */
export async function versionOf(provider: SecretProvider, ref: RemoteRef): Promise<string> {
  const answer = (await provider.readVersions([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer.ok ? (answer.value?.identity ?? "") : answer.error.kind;
}
