// Identities for the operator under test: a kubeconfig of a ServiceAccount with a token from the TokenRequest API,
// held in a file of its own, so that a test can put another token there as the kubelet would.
import { mkdtemp, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseJson, textAt } from "./json.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { type KubernetesApi, ok } from "./kubernetes-api.ts";
import type { RigHandle } from "./rig-handle.ts";

export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

export interface TokenOptions {
  /** Default 24 h; the API server allows no less than 600. */
  readonly expirationSeconds?: number;
  /** Default: the audience of the API server. */
  readonly audiences?: readonly string[];
}

export interface ServiceAccountKubeconfig {
  readonly path: string;
  /** The token's file that the kubeconfig names (`tokenFile`). */
  readonly tokenPath: string;
  /** User name in RBAC and in audit logs. */
  readonly user: string;
  /** Names the first token in audit logs (`credentialId`). */
  readonly credentialId: string;
  /** Puts a new token into the file, atomically. */
  renewToken(options?: TokenOptions): Promise<void>;
}

const DEFAULT_EXPIRATION_SECONDS = 24 * 3600;

/** Mints a token for a ServiceAccount that exists. Throws RestError where it does not. */
export async function mintServiceAccountToken(
  api: KubernetesApi,
  account: ServiceAccountName,
  options: TokenOptions = {},
): Promise<string> {
  const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`;
  const spec = {
    expirationSeconds: options.expirationSeconds ?? DEFAULT_EXPIRATION_SECONDS,
    audiences: options.audiences,
  };
  const answer = await ok(api.post(path, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec }));
  return textAt(answer, "status", "token");
}

export async function writeServiceAccountKubeconfig(
  handle: RigHandle,
  api: KubernetesApi,
  account: ServiceAccountName,
): Promise<ServiceAccountKubeconfig> {
  const folder = await mkdtemp(join(handle.directory, `${account.namespace}.${account.name}-`));
  const path = join(folder, "kubeconfig");
  const tokenPath = join(folder, "token");
  const putToken = async (token: string): Promise<void> => {
    const scratch = `${tokenPath}.new`;
    await writeFile(scratch, token, { mode: 0o600 });
    await rename(scratch, tokenPath);
  };
  const first = await mintServiceAccountToken(api, account);
  await putToken(first);
  await writeKubeconfig(path, {
    server: handle.kubernetes.server,
    caPem: handle.kubernetes.caPem,
    user: { kind: "tokenFile", path: tokenPath },
    namespace: account.namespace,
  });
  return {
    path,
    tokenPath,
    user: `system:serviceaccount:${account.namespace}:${account.name}`,
    credentialId: `JTI=${tokenId(first)}`,
    renewToken: async (options) => putToken(await mintServiceAccountToken(api, account, options)),
  };
}

/** Claim `jti`: RFC 7519, section 4.1.7. */
function tokenId(token: string): string {
  const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
  return textAt(parseJson(claims), "jti");
}
