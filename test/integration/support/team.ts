// A tenant of the cluster for one test: its namespace, a ServiceAccount whose tokens Fairlead may use, a Vault policy and
// role for its own paths, and helpers that read as the test's sentences do.

import { randomBytes } from "node:crypto";
import { isRecord, type JsonRecord, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { ok, patchTypes } from "../../testbed/kubernetes-api.ts";
import type { Rig } from "../../testbed/rig.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import { type ExternalSecretOptions, externalSecret, secretStore } from "./manifests.ts";
import { condition, type Sightings } from "./sightings.ts";

export interface TeamDeps {
  readonly rig: Rig;
  readonly sightings: Sightings;
  readonly canary: string;
}

export interface WaitFor {
  readonly ready?: "True" | "False" | "Unknown";
  readonly reason?: string;
  /** Anything else that must hold of the object. */
  readonly where?: (object: JsonRecord) => boolean;
  readonly timeoutMs?: number;
}

export const SERVICE_ACCOUNT = "reader";
const DEFAULT_TIMEOUT_MS = 30_000;

export class Team {
  readonly namespace: string;
  readonly rig: Rig;
  readonly #deps: TeamDeps;

  constructor(namespace: string, deps: TeamDeps) {
    this.namespace = namespace;
    this.rig = deps.rig;
    this.#deps = deps;
  }

  /** A value that the leak check looks for. */
  value(label = "value"): string {
    return `${label}-${this.#deps.canary}`;
  }

  /** Full Vault key of a secret of this team, below the mount. */
  key(name: string): string {
    return `${this.namespace}/${name}`;
  }

  /** Writes a new KV v2 version and returns its number. */
  putSecret(name: string, values: JsonRecord): Promise<number> {
    return this.rig.vault.putSecret("kv", this.key(name), values);
  }

  /** Policy of the team's role: read and list everything of the team, unless rules are given. */
  async allow(rules?: string): Promise<void> {
    const own = `
path "kv/data/${this.namespace}/*" { capabilities = ["read"] }
path "kv/metadata/${this.namespace}/*" { capabilities = ["read", "list"] }
path "kv/metadata/${this.namespace}" { capabilities = ["list"] }
path "kv1/${this.namespace}/*" { capabilities = ["read", "list"] }`;
    await this.rig.vault.putPolicy(this.namespace, rules ?? own);
  }

  async writeRole(extra: JsonRecord = {}): Promise<void> {
    await this.rig.vault.write(`auth/kubernetes/role/${this.namespace}`, {
      bound_service_account_names: SERVICE_ACCOUNT,
      bound_service_account_namespaces: this.namespace,
      audience: "vault",
      token_policies: [this.namespace],
      token_ttl: "10m",
      ...extra,
    });
  }

  /** `provider.vault` of the team's store. */
  vaultSpec(extra: JsonRecord = {}): JsonRecord {
    return {
      server: this.rig.vault.address,
      path: "kv",
      version: "v2",
      caBundle: Buffer.from(this.rig.vault.caPem).toString("base64"),
      auth: { kubernetes: { role: this.namespace, serviceAccountRef: { name: SERVICE_ACCOUNT } } },
      ...extra,
    };
  }

  async applyStore(name = "vault", vault: JsonRecord = {}, spec: JsonRecord = {}): Promise<void> {
    await this.apply(secretStore({ namespace: this.namespace, name, vault: this.vaultSpec(vault), spec }));
  }

  async applyExternalSecret(name: string, spec: JsonRecord, meta: Partial<ExternalSecretOptions> = {}): Promise<void> {
    await this.apply(externalSecret({ namespace: this.namespace, name, spec, ...meta }));
  }

  /** `kubectl apply --server-side` of one object; the message of a refusal is thrown. */
  async apply(object: JsonRecord): Promise<string> {
    return this.rig.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], {
      stdin: JSON.stringify(object),
    });
  }

  async patchExternalSecret(name: string, patch: JsonRecord): Promise<void> {
    await ok(this.rig.api.patch(this.externalSecretPath(name), patch, patchTypes.merge));
  }

  externalSecretPath(name: string): string {
    return `/apis/fairlead.dev/v1/namespaces/${this.namespace}/externalsecrets/${name}`;
  }

  secretPath(name: string): string {
    return `/api/v1/namespaces/${this.namespace}/secrets/${name}`;
  }

  externalSecret(name: string): Promise<JsonRecord | undefined> {
    return this.read(this.externalSecretPath(name));
  }

  store(name = "vault"): Promise<JsonRecord | undefined> {
    return this.read(`/apis/fairlead.dev/v1/namespaces/${this.namespace}/secretstores/${name}`);
  }

  /** The whole Secret. */
  secret(name: string): Promise<JsonRecord | undefined> {
    return this.read(this.secretPath(name));
  }

  /** Data of a Secret as text; undefined if there is none. */
  async secretData(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const secret = await this.secret(name);
    if (secret === undefined) return undefined;
    const data = isRecord(secret["data"]) ? secret["data"] : {};
    return Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(String(text), "base64").toString("utf8")]),
    );
  }

  async read(path: string): Promise<JsonRecord | undefined> {
    const reply = await this.rig.api.get(path);
    if (reply.status === 404 || !isRecord(reply.body)) return undefined;
    this.#deps.sightings.note(reply.body);
    return reply.body;
  }

  /** Waits until the ExternalSecret's Ready condition is as wanted for its current generation, and returns the object. */
  waitExternalSecret(name: string, wanted: WaitFor = { ready: "True" }): Promise<JsonRecord> {
    return this.waitObject(`ExternalSecret ${name}`, () => this.externalSecret(name), wanted);
  }

  waitStore(name = "vault", wanted: WaitFor = { ready: "True" }): Promise<JsonRecord> {
    return this.waitObject(`SecretStore ${name}`, () => this.store(name), wanted);
  }

  async waitObject(what: string, read: () => Promise<JsonRecord | undefined>, wanted: WaitFor): Promise<JsonRecord> {
    let last: JsonRecord | undefined;
    const probe = async (): Promise<JsonRecord | undefined> => {
      last = await read();
      return last !== undefined && isAsWanted(last, wanted) ? last : undefined;
    };
    try {
      return await waitUntil(what, probe, { timeoutMs: wanted.timeoutMs ?? DEFAULT_TIMEOUT_MS, intervalMs: 100 });
    } catch (cause) {
      const shown = JSON.stringify(valueAt(last, "status"), undefined, 1);
      throw new Error(`${what} did not become ${JSON.stringify(wanted)}; its status: ${shown}`, { cause });
    }
  }

  /** Waits until the Secret's data is as wanted (undefined: absent). */
  async waitSecretData(
    name: string,
    wanted: Readonly<Record<string, string>> | undefined,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<void> {
    const text = JSON.stringify(sorted(wanted));
    const probe = async (): Promise<true | undefined> =>
      JSON.stringify(sorted(await this.secretData(name))) === text ? true : undefined;
    await waitUntil(`Secret ${name} holds what is wanted`, probe, { timeoutMs, intervalMs: 100 });
  }
}

export async function createTeam(deps: TeamDeps): Promise<Team> {
  const namespace = `team-${randomBytes(4).toString("hex")}`;
  const team = new Team(namespace, deps);
  await deps.rig.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(tenantObjects(namespace)) });
  await team.allow();
  await team.writeRole();
  return team;
}

function tenantObjects(namespace: string): JsonRecord {
  const metadata = (name: string): JsonRecord => ({ name, namespace });
  const rbac = "rbac.authorization.k8s.io";
  return {
    apiVersion: "v1",
    kind: "List",
    items: [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(SERVICE_ACCOUNT) },
      {
        apiVersion: `${rbac}/v1`,
        kind: "Role",
        metadata: metadata("fairlead-token"),
        rules: [
          {
            apiGroups: [""],
            resources: ["serviceaccounts/token"],
            resourceNames: [SERVICE_ACCOUNT],
            verbs: ["create"],
          },
        ],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: "RoleBinding",
        metadata: metadata("fairlead-token"),
        roleRef: { apiGroup: rbac, kind: "Role", name: "fairlead-token" },
        subjects: [{ kind: "ServiceAccount", name: "fairlead", namespace: "fairlead-system" }],
      },
    ],
  };
}

function isAsWanted(object: JsonRecord, { ready, reason, where }: WaitFor): boolean {
  const found = condition(object, "Ready");
  const generation = valueAt(object, "metadata", "generation");
  if (valueAt(object, "status", "observedGeneration") !== generation) return false;
  if (ready !== undefined && found?.["status"] !== ready) return false;
  if (reason !== undefined && found?.["reason"] !== reason) return false;
  return where?.(object) ?? true;
}

function sorted(data: Readonly<Record<string, string>> | undefined): unknown {
  return data === undefined ? null : Object.entries(data).sort();
}

export function message(object: JsonRecord): string {
  return optionalTextAt(condition(object, "Ready"), "message") ?? "";
}
