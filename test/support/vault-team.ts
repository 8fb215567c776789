// A part of a real Vault for one test: a KV mount, an AppRole mount and a policy of its own, and providers that log in
// there. Nothing is shared with other tests on the same server.

import type { Clock } from "../../src/core/clock.ts";
import type { CredentialReader } from "../../src/core/provider/credentials.ts";
import type { Logger } from "../../src/core/logger.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import { failed, ok } from "../../src/core/result.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { VaultAuth, VaultStoreSpec } from "../../src/core/spec/secret-store.ts";
import type { ProviderDeps } from "../../src/providers/provider-deps.ts";
import { createVaultProvider } from "../../src/providers/vault/vault-provider.ts";
import { createLimiter } from "../../src/refresh/limiter.ts";
import { systemClock } from "../../src/runtime/system-clock.ts";
import { listAt } from "../testbed/json.ts";
import type { VaultServer } from "../testbed/vault-server.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import type { LoginGate } from "./login-gate.ts";
import { testEgress } from "./test-egress.ts";

const SECRET_ID = "test-only-secret-id";
let count = 0;

export interface TeamOptions {
  readonly kvVersion?: 1 | 2;
  readonly tokenTtl?: string;
  /** Of the provider; default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Of the provider; default the system's. */
  readonly clock?: Clock;
  readonly loginGate?: LoginGate;
}

export class VaultTeam {
  readonly name: string;
  readonly vault: VaultServer;
  /** The credential of Kubernetes logins. */
  jwt: SecretValue | undefined;
  readonly #options: TeamOptions;
  readonly #denied = new Set<string>();
  readonly #providers: SecretProvider[] = [];

  private constructor(vault: VaultServer, options: TeamOptions) {
    count += 1;
    this.name = `team-${process.pid}-${count}`;
    this.vault = vault;
    this.#options = options;
  }

  static async create(vault: VaultServer, options: TeamOptions = {}): Promise<VaultTeam> {
    const team = new VaultTeam(vault, options);
    await team.enableMount(options.kvVersion ?? 2);
    await vault.write(`sys/auth/${team.name}`, { type: "approle" });
    await team.writePolicy();
    await team.acceptLogins();
    return team;
  }

  /** Enables the KV mount, also again after `disableMount`; returns when it serves. */
  async enableMount(kvVersion: 1 | 2): Promise<void> {
    await this.vault.write(`sys/mounts/${this.name}`, { type: "kv", options: { version: String(kvVersion) } });
    // A new KV v2 mount answers 400 while it is being made ready.
    const probe = async (): Promise<true | undefined> =>
      (await this.vault.request("GET", `${this.name}/metadata?list=true`)).status === 404 ? true : undefined;
    await waitUntil("the KV mount serves", probe, { timeoutMs: 10_000 });
  }

  async disableMount(): Promise<void> {
    await this.vault.delete(`sys/mounts/${this.name}`);
  }

  async put(key: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#options.kvVersion === 1) await this.vault.write(`${this.name}/${encoded(key)}`, properties);
    else await this.vault.putSecret(this.name, encoded(key), properties);
  }

  async softDelete(key: string): Promise<void> {
    await this.vault.delete(`${this.name}/data/${encoded(key)}`);
  }

  async destroy(key: string, versions: readonly number[] = [1]): Promise<void> {
    await this.vault.write(`${this.name}/destroy/${encoded(key)}`, { versions });
  }

  async tag(key: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await this.vault.write(`${this.name}/metadata/${encoded(key)}`, { custom_metadata: tags });
  }

  /** Denies a path below the mount, such as `data/app/db`. */
  async deny(...paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#denied.add(path);
    await this.writePolicy();
  }

  async writePolicy(): Promise<void> {
    const denied = [...this.#denied].map((path) => `path "${this.name}/${path}" { capabilities = ["deny"] }`);
    const allowed = `path "${this.name}/*" { capabilities = ["read", "list"] }`;
    await this.vault.putPolicy(this.name, [allowed, ...denied].join("\n"));
  }

  async acceptLogins(): Promise<void> {
    const role = { token_policies: [this.name], token_ttl: this.#options.tokenTtl ?? "10m" };
    await this.vault.write(`auth/${this.name}/role/reader`, role);
    await this.vault.write(`auth/${this.name}/role/reader/role-id`, { role_id: this.name });
    await this.vault.write(`auth/${this.name}/role/reader/custom-secret-id`, { secret_id: SECRET_ID });
  }

  async refuseLogins(): Promise<void> {
    await this.vault.delete(`auth/${this.name}/role/reader`);
    await this.revokeTokens();
  }

  async revokeTokens(): Promise<void> {
    await this.vault.write(`sys/leases/revoke-prefix/auth/${this.name}/login`);
  }

  async liveTokens(): Promise<number> {
    return listAt(await this.vault.read(`sys/leases/lookup/auth/${this.name}/login?list=true`), "data", "keys").length;
  }

  appRole(): Extract<VaultAuth, { kind: "appRole" }> {
    const secretRef = { name: "approle", key: "secret-id", namespace: undefined };
    return { kind: "appRole", path: this.name, roleId: this.name, roleRef: undefined, secretRef };
  }

  spec(overrides: Partial<VaultStoreSpec> = {}): VaultStoreSpec {
    return {
      kind: "vault",
      server: this.vault.address,
      path: this.name,
      version: this.#options.kvVersion === 1 ? "v1" : "v2",
      namespace: undefined,
      authNamespace: undefined,
      caBundlePem: this.vault.caPem,
      caProvider: undefined,
      clientCertificate: undefined,
      auth: this.appRole(),
      ...overrides,
    };
  }

  provider(overrides: Partial<VaultStoreSpec> = {}): SecretProvider {
    const provider = createVaultProvider(this.spec(overrides), this.#deps());
    this.#providers.push(provider);
    return provider;
  }

  async close(): Promise<void> {
    await Promise.all(this.#providers.map((provider) => provider.close()));
    await this.disableMount();
    await this.vault.delete(`sys/auth/${this.name}`);
  }

  #deps(): ProviderDeps {
    const missing = failed({ kind: "missing", detail: "no such credential" } as const);
    const jwt = (): Promise<typeof missing | { ok: true; value: SecretValue }> =>
      Promise.resolve(this.jwt === undefined ? missing : ok(this.jwt));
    const credentials: CredentialReader = {
      readSecretKey: () => Promise.resolve(ok(SecretValue.ofUtf8(SECRET_ID))),
      readConfigMapKey: () => Promise.resolve(missing),
      readAnnotations: () => Promise.resolve(missing),
      readOperatorToken: jwt,
      operatorIdentity: () => missing,
      requestToken: async () => {
        const token = await jwt();
        return token.ok ? ok({ token: token.value, expiresAtMs: Number.MAX_SAFE_INTEGER }) : token;
      },
    };
    return {
      credentials: this.#options.loginGate?.before(credentials) ?? credentials,
      clock: this.#options.clock ?? systemClock,
      random: () => 0.5,
      log: silentLog,
      egress: testEgress(),
      limiter: createLimiter({ maxInFlight: 8, requestsPerSecond: 1_000 }),
      requestTimeoutMs: this.#options.requestTimeoutMs,
    };
  }
}

const silent = (): void => undefined;
const silentLog: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  failure: silent,
  with: () => silentLog,
};

function encoded(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
