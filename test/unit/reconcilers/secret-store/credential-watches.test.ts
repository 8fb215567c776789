import { expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import { createCredentialWatches } from "../../../../src/reconcilers/secret-store/credential-watches.ts";
import type { ObjectWatches } from "../../../../src/runtime/object-watches.ts";
import { storeRecord } from "../../../support/builders/sync.ts";

const slot = { kind: "SecretStore", key: objectKey({ namespace: "team-a", name: "vault" }) } as const;
const clusterSlot = { kind: "ClusterSecretStore", key: objectKey({ namespace: "", name: "vault" }) } as const;
const caProvider = { type: "ConfigMap", name: "ca", key: "pem" };
const appRole = {
  appRole: { path: "approle", roleRef: { name: "role", key: "id" }, secretRef: { name: "secret", key: "id" } },
};
const kubernetes = { kubernetes: { mountPath: "kubernetes", role: "app", serviceAccountRef: { name: "app" } } };
const elsewhere = { tokenSecretRef: { name: "token", key: "token", namespace: "vault" } };

function watched() {
  const open = new Map<string, () => void>();
  const told: string[] = [];
  const watches: Pick<ObjectWatches, "acquire"> = {
    acquire({ type, namespace, name }, onChange) {
      const id = `${type.kind} ${namespace}/${name}`;
      open.set(id, onChange);
      return () => void open.delete(id);
    },
  };
  const made = createCredentialWatches(watches, ({ kind, name }) => told.push(`${kind} ${name}`));
  return { made, open, told };
}

test.each([
  { given: "a token and a CA", with: { caProvider }, then: ["Secret team-a/token", "ConfigMap team-a/ca"] },
  { given: "an AppRole", with: { auth: appRole }, then: ["Secret team-a/role", "Secret team-a/secret"] },
  { given: "a ServiceAccount", with: { auth: kubernetes }, then: ["ServiceAccount team-a/app"] },
])("of a SecretStore with $given $then is watched", ({ with: options, then }) => {
  const { made, open } = watched();
  made.keep(slot, storeRecord("SecretStore", options));
  expect([...open.keys()]).toEqual(then);
});

test.each([
  { given: "a namespace of its own", auth: elsewhere, then: ["Secret vault/token"] },
  { given: "the tenants' namespaces", auth: undefined, then: [] },
])("of a cluster store with credentials from $given $then is watched", ({ auth, then }) => {
  const { made, open } = watched();
  made.keep(clusterSlot, storeRecord("ClusterSecretStore", auth === undefined ? {} : { auth }));
  expect([...open.keys()]).toEqual(then);
});

test("the first state is no news, each further one is", () => {
  const { made, open, told } = watched();
  made.keep(slot, storeRecord());
  const change = open.get("Secret team-a/token");
  change?.();
  expect(told).toEqual([]);
  change?.();
  expect(told).toEqual(["SecretStore vault"]);
});

test("the same references keep their watches, others replace them, and a release ends them", () => {
  const { made, open } = watched();
  made.keep(slot, storeRecord());
  const before = open.get("Secret team-a/token");
  made.keep(slot, storeRecord("SecretStore", { metadata: { generation: 2 } }));
  expect(open.get("Secret team-a/token")).toBe(before);
  made.keep(slot, storeRecord("SecretStore", { auth: appRole }));
  expect([...open.keys()]).toEqual(["Secret team-a/role", "Secret team-a/secret"]);
  made.release(slot);
  made.release(slot);
  expect(open.size).toBe(0);
});
