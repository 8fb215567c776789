// The form of the tables of specs, and builders for their objects.

type Fields = Readonly<Record<string, unknown>>;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: "ExternalSecret" | "SecretStore" | "ClusterSecretStore";
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Fields;
}

export interface SpecVector {
  readonly name: string;
  readonly object: Manifest;
  /** ACCEPTED, or a part of the API server's refusal. */
  readonly verdict: string;
  /** Where the parser answers otherwise: it words structure itself, and it checks what CEL cannot. */
  readonly parserVerdict?: string;
}

export const ACCEPTED = "accepted";
export const VECTOR_NAMESPACE = "spec-vectors";

const apiVersion = "fairlead.dev/v1";
const namespaced = { name: "vector", namespace: VECTOR_NAMESPACE };

/** A valid ExternalSecret of one key, its spec changed; undefined leaves a field out. */
export function externalSecret(changes: Fields): Manifest {
  const spec = { secretStoreRef: { name: "vault" }, data: [entry("password", "app/db")], ...changes };
  return { apiVersion, kind: "ExternalSecret", metadata: namespaced, spec: present(spec) };
}

/** One item of `data`. */
export function entry(secretKey: string, key: string, more: Fields = {}): Fields {
  return { secretKey, remoteRef: { key }, ...more };
}

const tokenAuth = { tokenSecretRef: { name: "vault-token", key: "token" } };

/** A valid SecretStore with a token, its Vault changed. */
export function secretStore(vault: Fields, changes: Fields = {}): Manifest {
  return { apiVersion, kind: "SecretStore", metadata: namespaced, spec: storeSpec(vault, changes) };
}

/** A valid ClusterSecretStore with a token and one namespace, its Vault changed. */
export function clusterSecretStore(vault: Fields, changes: Fields = {}): Manifest {
  const spec = storeSpec(vault, { conditions: [{ namespaces: ["team-a"] }], ...changes });
  return { apiVersion, kind: "ClusterSecretStore", metadata: { name: "vector" }, spec };
}

function storeSpec(vault: Fields, changes: Fields): Fields {
  return present({
    provider: { vault: present({ server: "https://vault.example.com:8200", path: "kv", auth: tokenAuth, ...vault }) },
    ...changes,
  });
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
