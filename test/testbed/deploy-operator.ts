// Starts the operator as it is shipped: its ServiceAccount and RBAC from config/, its bundle from dist/.

import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type OperatorOptions, type RunningOperator, startOperator } from "./operator.ts";
import type { Rig } from "./rig.ts";
import { mintServiceAccountToken } from "./service-account.ts";

export const OPERATOR_NAMESPACE = "fairlead-system";
export const OPERATOR_SERVICE_ACCOUNT = "fairlead";

/**
 * Needs the CRDs and config/rbac in the rig. Returns when the process is started, not when it is ready. `beforeStart`
 * is called right before that: what precedes is the making of credentials.
 */
export async function deployOperator(
  rig: Rig,
  options: Partial<OperatorOptions> = {},
  beforeStart: () => void = () => undefined,
): Promise<RunningOperator> {
  const identity = { namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT };
  const kubeconfig = await rig.serviceAccountKubeconfig(identity.namespace, identity.name);
  const folder = await mkdtemp(join(rig.handle.directory, "operator-"));
  const tokenFile = join(folder, "vault-token");
  // What the Deployment's projected volume holds: a token for Vault only.
  await writeFile(tokenFile, await mintServiceAccountToken(rig.api, identity, { audiences: ["vault"] }), {
    mode: 0o600,
  });
  const args = [`--operator-token-file=${tokenFile}`, ...(options.args ?? [])];
  beforeStart();
  return startOperator(rig, { kubeconfigPath: kubeconfig.path, ...options, args });
}
