// Credentials that a plugin or an OIDC login supplies, through @kubernetes/client-node, which is loaded only for them.

import type { RequestOptions } from "node:https";
import { SecretValue } from "../core/secret-value.ts";
import type { Credentials } from "./connection.ts";

export interface PluginCredentials {
  /** Runs the plugin or uses what it gave while that is valid; after a refusal by the server always runs it anew. */
  load(after: "start" | "age" | "unauthorized"): Promise<Omit<Credentials, "caPem">>;
}

/** `user`: the user entry of a kubeconfig, with `exec` or `auth-provider`. */
export function createPluginCredentials(user: Readonly<Record<string, unknown>>): PluginCredentials {
  let loaded: ReturnType<typeof clientNodeConfig> | undefined;
  return {
    async load(after) {
      if (loaded === undefined || after === "unauthorized") loaded = clientNodeConfig(user);
      const config = await loaded;
      const options: RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(options);
      const authorization: unknown = Reflect.get(options.headers ?? {}, "Authorization");
      const { cert, key } = options;
      const isPem = typeof cert === "string" && typeof key === "string";
      return {
        clientCertificate: isPem ? { certPem: cert, keyPem: SecretValue.ofUtf8(key) } : undefined,
        bearerToken:
          typeof authorization === "string" ? SecretValue.ofUtf8(authorization.replace(/^Bearer /, "")) : undefined,
      };
    },
  };
}

/** A KubeConfig caches what its plugin gave; a new one has forgotten it. */
async function clientNodeConfig(user: Readonly<Record<string, unknown>>) {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "cluster", server: "https://localhost", skipTLSVerify: false },
    { name: "user", exec: user["exec"], authProvider: user["auth-provider"] },
  );
  return config;
}
