// A cloud in one process: Entra ID, one vault, and a machine's metadata endpoint, over TLS with the certificates of
// test/support/tls (for `localhost`). One tenant, one application that may get and list; tests add what else they need.

import type { PublicKeyPair } from "../certificates.ts";
import { testTls } from "../../support/tls.ts";
import { type Application, type Entra, startEntra } from "./entra.ts";
import { type Imds, startImds } from "./imds.ts";
import { type KeyVault, startKeyVault } from "./key-vault.ts";

export interface AzureCloud {
  readonly entra: Entra;
  readonly vault: KeyVault;
  readonly imds: Imds;
  readonly tenantId: string;
  readonly application: Application;
  close(): Promise<void>;
}

export interface CloudOptions {
  /** Of Entra; new ones if left out. */
  readonly keys?: PublicKeyPair;
  readonly nowMs?: () => number;
  readonly tokenSeconds?: number;
}

export const CLIENT_SECRET = "made-up-client-secret";
/** What vaults of this cloud are reached below, and what tokens are asked for. */
export const VAULT_SUFFIX = "localhost";
const RESOURCE = `https://${VAULT_SUFFIX}`;
const TENANT_ID = "3f1b1f0c-6a44-4a6e-9d43-0d6a5c3b7e10";
const CLIENT_ID = "b2a9d0f4-12f5-4c63-8d9f-5e0c7a1d9b22";

export async function startAzureCloud(options: CloudOptions = {}): Promise<AzureCloud> {
  const shared = { tls: testTls.server, host: "localhost", ...(options.nowMs && { nowMs: options.nowMs }) };
  const lifetime = options.tokenSeconds === undefined ? {} : { tokenSeconds: options.tokenSeconds };
  const keys = options.keys === undefined ? {} : { keys: options.keys };
  const entra = await startEntra({ ...shared, ...lifetime, ...keys, resources: [RESOURCE] });
  const application = entra.register({ tenantId: TENANT_ID, clientId: CLIENT_ID, secrets: [CLIENT_SECRET] });
  const vault = await startKeyVault({ ...shared, entra, tenantId: TENANT_ID, resource: RESOURCE });
  vault.granted.set(application.objectId, new Set(["get", "list"]));
  const imds = await startImds({ entra, identities: [application], resources: [RESOURCE] });
  return {
    entra,
    vault,
    imds,
    tenantId: TENANT_ID,
    application,
    close: async () => {
      await Promise.all([entra.close(), vault.close(), imds.close()]);
    },
  };
}
