// What a Vault provider needs around it, in memory: credentials of a cluster, a clock that tests move, a limiter that
// counts, a log that keeps its lines.

import type { CredentialError, CredentialReader } from "../../src/core/provider/credentials.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import type { LogFields, Logger } from "../../src/core/logger.ts";
import { failed, ok, type Result } from "../../src/core/result.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { ObjectKeyRef, VaultAuth, VaultStoreSpec } from "../../src/core/spec/secret-store.ts";
import type { ProviderDeps, RequestFacts } from "../../src/providers/provider-deps.ts";
import { createVaultProvider } from "../../src/providers/vault/vault-provider.ts";
import { FakeClock } from "./fake-clock.ts";
import { StubVault, type StubOptions } from "./stub-vault.ts";
import { testEgress } from "./test-egress.ts";
import { testTls } from "./tls.ts";

export const kubernetesAuth = {
  kind: "kubernetes",
  mountPath: "kubernetes",
  role: "reader",
  identity: { kind: "serviceAccount", ref: { name: "app", audiences: [], namespace: undefined } },
} as const satisfies VaultAuth;

export const appRoleAuth = {
  kind: "appRole",
  path: "approle",
  roleId: "role-1",
  roleRef: undefined,
  secretRef: objectKeyRef("approle", "secret-id"),
} as const satisfies VaultAuth;

export const tokenAuth = {
  kind: "token",
  tokenSecretRef: objectKeyRef("vault-token", "token"),
} as const satisfies VaultAuth;

export function objectKeyRef(name: string, key: string): ObjectKeyRef {
  return { name, key, namespace: undefined };
}

export class VaultRig {
  readonly stub: StubVault;
  readonly clock = new FakeClock();
  readonly logLines: string[] = [];
  readonly requestFacts: RequestFacts[] = [];
  /** Values of Secrets and ConfigMaps, by `name/key`. */
  readonly objects = new Map([["approle/secret-id", "secret-1"]]);
  /** Of TokenRequest, and of the operator's own file; undefined: refused. */
  jwt: string | undefined = "jwt-1";
  /** Audiences that tokens were asked for. */
  readonly audiences: string[] = [];
  /** Requests that passed the limiter. */
  limited = 0;
  readonly #providers: SecretProvider[] = [];

  private constructor(stub: StubVault) {
    this.stub = stub;
  }

  static async start(options: StubOptions = {}): Promise<VaultRig> {
    return new VaultRig(await StubVault.start(options));
  }

  spec(overrides: Partial<VaultStoreSpec> = {}): VaultStoreSpec {
    return {
      kind: "vault",
      server: this.stub.url,
      path: "kv",
      version: "v2",
      namespace: undefined,
      authNamespace: undefined,
      caBundlePem: testTls.ca,
      caProvider: undefined,
      clientCertificate: undefined,
      auth: kubernetesAuth,
      ...overrides,
    };
  }

  provider(overrides: Partial<VaultStoreSpec> = {}, deps: Partial<ProviderDeps> = {}): SecretProvider {
    const provider = createVaultProvider(this.spec(overrides), { ...this.deps(), ...deps });
    this.#providers.push(provider);
    return provider;
  }

  deps(): ProviderDeps {
    return {
      credentials: this.credentials(),
      clock: this.clock,
      random: () => 0.5,
      log: this.#logger(),
      egress: testEgress(),
      limiter: (task, signal) => {
        signal.throwIfAborted();
        this.limited += 1;
        return task();
      },
      onRequest: (facts) => this.requestFacts.push(facts),
    };
  }

  credentials(): CredentialReader {
    const readKey = (ref: ObjectKeyRef): Promise<Result<SecretValue, CredentialError>> =>
      Promise.resolve(
        this.#value(this.objects.get(`${ref.name}/${ref.key}`), `Secret ${ref.name} has no key ${ref.key}`),
      );
    return {
      readSecretKey: readKey,
      readConfigMapKey: readKey,
      requestToken: (ref, defaultAudience) => {
        this.audiences.push(...(ref.audiences.length > 0 ? ref.audiences : [defaultAudience]));
        const token = this.#value(this.jwt, `ServiceAccount ${ref.name} does not exist`);
        return Promise.resolve(token.ok ? ok({ token: token.value, expiresAtMs: Number.MAX_SAFE_INTEGER }) : token);
      },
      readAnnotations: () => Promise.resolve(ok({})),
      readOperatorToken: () => Promise.resolve(this.#value(this.jwt, "the operator has no token file")),
      operatorIdentity: () => failed({ kind: "refused", detail: "no cloud here" }),
    };
  }

  async close(): Promise<void> {
    this.stub.faults.clear();
    await Promise.all(this.#providers.map((provider) => provider.close()));
    await this.stub.close();
  }

  #value(text: string | undefined, missing: string): Result<SecretValue, CredentialError> {
    return text === undefined ? failed({ kind: "missing", detail: missing }) : ok(SecretValue.ofUtf8(text));
  }

  #logger(): Logger {
    const line = (message: string, fields?: LogFields): void => {
      this.logLines.push(JSON.stringify({ message, fields }));
    };
    return {
      debug: line,
      info: line,
      warn: line,
      error: line,
      failure: (message, error, fields) => line(`${message}: ${String(error)}`, fields),
      with: () => this.#logger(),
    };
  }
}
