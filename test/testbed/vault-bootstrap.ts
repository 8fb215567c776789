// Makes a Vault that has just started usable: initialise, unseal, give it the rig's root token, audit, mounts and auth
// methods. Every step of a new Vault also serves one that lost its inmem storage; a Vault with its data is only unsealed.
import { readFile, writeFile } from "node:fs/promises";
import { textAt, valueAt } from "./json.ts";
import { createRestClient, type RestTarget } from "./rest-client.ts";
import type { VaultHandle } from "./rig-handle.ts";
import { assertServerRuns, type RigSite } from "./rig-site.ts";
import { createVaultAdmin, type VaultAdmin } from "./vault-admin.ts";
import { waitUntil } from "./wait-until.ts";

const START_TIMEOUT_MS = 60_000;
/** What sys/health answers while Vault is active: developer.hashicorp.com/vault/api-docs/system/health */
const HEALTH_ACTIVE = 200;

/** Waits until the server answers at all, sealed or not; throws at once where it has ended. */
export async function waitUntilVaultAnswers(
  site: Pick<RigSite, "guardian" | "directory">,
  target: Pick<VaultHandle, "address" | "caPem">,
): Promise<void> {
  const probe = async (): Promise<number | undefined> => {
    await assertServerRuns(site, "vault");
    return fetchHealthStatus(target);
  };
  await waitUntil("Vault answers", probe, { timeoutMs: START_TIMEOUT_MS });
}

/** Unseals a Vault that has data; sets one up that has none. Returns when it is active. */
export async function initialiseVault(handle: VaultHandle): Promise<void> {
  const operator = createVaultAdmin(handle, "");
  const isInitialised = valueAt(await operator.read("sys/init"), "initialized") === true;
  if (isInitialised) {
    await unsealVault(handle);
  } else {
    await setUp(handle, operator);
  }
  operator.close();
}

/** Unseals with the kept key and returns when Vault is active. */
export async function unsealVault(handle: VaultHandle): Promise<void> {
  const operator = createVaultAdmin(handle, "");
  await operator.write("sys/unseal", { key: await readFile(handle.unsealKeyPath, "utf8") });
  operator.close();
  const probe = async (): Promise<true | undefined> =>
    (await fetchHealthStatus(handle)) === HEALTH_ACTIVE ? true : undefined;
  await waitUntil("Vault is active", probe, { timeoutMs: START_TIMEOUT_MS });
}

async function setUp(handle: VaultHandle, operator: VaultAdmin): Promise<void> {
  const answer = await operator.write("sys/init", { secret_shares: 1, secret_threshold: 1 });
  await writeFile(handle.unsealKeyPath, textAt(answer, "keys_base64", 0), { mode: 0o600 });
  await unsealVault(handle);
  const initial = createVaultAdmin(handle, textAt(answer, "root_token"));
  // A token with a chosen id, so that it is the same after an inmem Vault starts over.
  await initial.write("auth/token/create", { id: handle.rootToken, policies: ["root"], no_parent: true });
  initial.close();
  const admin = createVaultAdmin(handle, handle.rootToken);
  await enableAll(handle, admin);
  admin.close();
}

/** Audit first: from here on every request is counted. */
async function enableAll(handle: VaultHandle, admin: VaultAdmin): Promise<void> {
  await admin.write("sys/audit/file", { type: "file", options: { file_path: handle.auditLogPath } });
  await Promise.all([
    admin.write("sys/mounts/kv", { type: "kv", options: { version: "2" } }),
    admin.write("sys/mounts/kv1", { type: "kv", options: { version: "1" } }),
    admin.write("sys/auth/approle", { type: "approle" }),
    admin.write("sys/auth/kubernetes", { type: "kubernetes" }),
  ]);
  await admin.write("auth/kubernetes/config", handle.kubernetesAuth);
}

async function fetchHealthStatus(target: Pick<VaultHandle, "address" | "caPem">): Promise<number | undefined> {
  const restTarget: RestTarget = { origin: target.address, caPem: target.caPem };
  const client = createRestClient(restTarget);
  try {
    return await client.call({ method: "GET", path: "/v1/sys/health", timeoutMs: 2000 }).then(
      (reply) => reply.status,
      () => undefined, // Not listening yet: the next probe tells.
    );
  } finally {
    client.close();
  }
}
