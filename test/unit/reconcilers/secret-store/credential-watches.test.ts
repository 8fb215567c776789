import { describe, expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import { createCredentialWatches } from "../../../../src/reconcilers/secret-store/credential-watches.ts";
import { resources } from "../../../../src/kubernetes/resource-path.ts";
import { createObjectWatches, type ObjectWatches } from "../../../../src/runtime/object-watches.ts";
import { storeRecord } from "../../../support/builders/sync.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { scriptedClient, settle } from "../../../support/scripted-client.ts";

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

/** Real watches of a token Secret, whose stream and GET the test answers. */
function real() {
  const { client, calls, streams } = scriptedClient();
  const watches = createObjectWatches({ client, clock: new FakeClock(), random: () => 0 });
  const told: string[] = [];
  const made = createCredentialWatches(watches, ({ name }) => told.push(name));
  const show = async (resourceVersion: string): Promise<void> => {
    streams[0]?.event("ADDED", { metadata: { name: "token", resourceVersion } });
    await settle();
  };
  return { made, told, calls, streams, show };
}

const token = { type: resources.secrets, namespace: "team-a", name: "token" };
const present = (resourceVersion: string) => ({ kind: "present", resourceVersion }) as const;

describe("a change between a login and the first state that the watch shows", () => {
  test.each([
    { given: "the login came first", order: ["read 7", "keep", "show 8"], then: ["vault"] },
    { given: "the watch was asked first", order: ["keep", "read 7", "show 8"], then: ["vault"] },
    { given: "the answer to the login came last", order: ["keep", "show 8", "read 7"], then: ["vault"] },
    { given: "nothing changed", order: ["keep", "read 7", "show 7"], then: [] },
    { given: "the watch lags behind the login", order: ["keep", "read 8", "show 7", "show 8"], then: [] },
    { given: "the login read it twice", order: ["keep", "read 7", "read 8", "show 8"], then: ["vault"] },
    { given: "nobody has logged in yet", order: ["keep", "show 8"], then: [] },
  ])("is news or not, when $given: $then", async ({ order, then }) => {
    const { made, told, show, streams } = real();
    for (const step of order) {
      const [what, version = ""] = step.split(" ");
      if (what === "keep") made.keep(slot, storeRecord());
      if (what === "read") made.noteRead(slot, token, present(version));
      if (what === "show") await show(version);
      await settle();
    }
    expect(told).toEqual(then);
    expect(streams).toHaveLength(1);
  });

  test("is news where the object was missing", async () => {
    const { made, told, show } = real();
    made.keep(slot, storeRecord());
    made.noteRead(slot, token, { kind: "absent" });
    await show("8");
    expect(told).toEqual(["vault"]);
  });

  test("is not looked for in objects that the store does not name", async () => {
    const { made, streams } = real();
    made.keep(slot, storeRecord());
    made.noteRead(slot, { ...token, name: "other" }, present("7"));
    await settle();
    expect(streams).toHaveLength(1);
  });
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
