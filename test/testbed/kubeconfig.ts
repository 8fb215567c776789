// Renders kubeconfig files. JSON is valid YAML, so every client reads it and nothing needs quoting.
import { writeFile } from "node:fs/promises";
import type { KeyPair } from "./certificates.ts";

type KubeconfigUser =
  | { readonly kind: "certificate"; readonly keys: KeyPair }
  /** Clients read the file again from time to time, as with a projected token in a pod. */
  | { readonly kind: "tokenFile"; readonly path: string };

export interface KubeconfigSpec {
  readonly server: string;
  readonly caPem: string;
  readonly user: KubeconfigUser;
  readonly namespace?: string;
}

export async function writeKubeconfig(path: string, spec: KubeconfigSpec): Promise<void> {
  await writeFile(path, `${JSON.stringify(kubeconfigOf(spec), undefined, 2)}\n`, { mode: 0o600 });
}

function kubeconfigOf(spec: KubeconfigSpec): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "rig",
    clusters: [{ name: "rig", cluster: { server: spec.server, "certificate-authority-data": toBase64(spec.caPem) } }],
    contexts: [{ name: "rig", context: { cluster: "rig", user: "rig", namespace: spec.namespace ?? "default" } }],
    users: [{ name: "rig", user: userOf(spec.user) }],
  };
}

function userOf(user: KubeconfigUser): object {
  return user.kind === "tokenFile"
    ? { tokenFile: user.path }
    : {
        "client-certificate-data": toBase64(user.keys.certificatePem),
        "client-key-data": toBase64(user.keys.privateKeyPem),
      };
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
