// The story of the demo, the same for every store and for all of them together: install, sync, rotate, and a mistake in
// each store that costs nothing.

import { deployOperator } from "../testbed/deploy-operator.ts";
import { kubectl, showSecret, showStatus, untilStatus, type WantedStatus } from "./cluster-view.ts";
import type { DemoStore, Stage } from "./demo-store.ts";
import { externalSecretManifest, identityManifest, NAMESPACE, passwordKey, storeManifest } from "./manifests.ts";

export interface Story extends Stage {
  readonly stores: readonly [DemoStore, ...DemoStore[]];
  /** Fires when a person has seen enough. */
  readonly interrupted: AbortSignal;
  /** What the Secret must hold now, and in which versions. */
  readonly passwords: Map<string, string>;
  readonly versions: Map<DemoStore, string>;
}

/** `afterwards` comes between the last step and the operator's end. */
export async function tellStory(story: Story, afterwards: () => Promise<void>): Promise<void> {
  const { rig, tell, stores } = story;
  await install(story);
  for (const store of stores) {
    tell.step(`Put a secret into ${store.title}, and let one ServiceAccount read it`);
    await rotate(story, store, 1);
    await store.admit();
  }
  await applyManifests(story);
  tell.step("Start the operator with the ServiceAccount and RBAC of config/default");
  const args = [...new Set(stores.flatMap((store) => store.operatorArgs))];
  await using operator = await deployOperator(rig, { args });
  tell.command(["bin/fairlead run --kubeconfig=<token of ServiceAccount fairlead-system/fairlead>", ...args].join(" "));
  await operator.waitReady();
  await showSync(story);
  for (const store of stores) await store.prove();
  await showRotation(story);
  for (const store of stores) await showTrouble(story, store);
  await kubectl(story, ["get", "events", "-n", NAMESPACE, "--field-selector", "involvedObject.kind=ExternalSecret"]);
  await afterwards();
  tell.step("Stop the operator");
  const { code } = await operator.stop();
  const revoked = stores.some(({ name }) => name === "vault") ? " revoked its Vault token and" : "";
  tell.note(`SIGTERM: the operator${revoked} ended with exit code ${code ?? "none"}`);
  if (code !== 0) throw new Error("the operator did not end cleanly");
}

async function install(story: Story): Promise<void> {
  story.tell.step("Install the CRDs and the RBAC");
  await kubectl(story, ["apply", "-f", "crds/"]);
  await kubectl(story, ["apply", "-k", "config/default"]);
}

async function applyManifests(story: Story): Promise<void> {
  const { tell, stores } = story;
  const kind = stores.length === 1 ? "a SecretStore" : "a SecretStore for each";
  tell.step(`Apply ${kind}, and one ExternalSecret`);
  await kubectl(story, ["create", "namespace", NAMESPACE]);
  const externalSecret = externalSecretManifest(stores);
  for (const manifest of [identityManifest(stores), ...stores.map(storeManifest), externalSecret]) {
    await kubectl(story, ["apply", "-f", "-"], manifest);
  }
  tell.output(externalSecret);
}

async function showSync(story: Story): Promise<void> {
  story.tell.step("The Secret, and which version it holds");
  await untilSynced(story);
  await kubectl(story, ["get", "secretstores", "-n", NAMESPACE]);
  await showStatus(story, story.stores);
  await showSecret(story, story.passwords);
}

async function showRotation(story: Story): Promise<void> {
  const { tell, stores } = story;
  tell.step(`Rotate in ${titlesOf(stores)}: the Secret follows, and status shows the version`);
  for (const store of stores) await rotate(story, store, 2);
  await untilSynced(story);
  await showStatus(story, stores);
  await showSecret(story, story.passwords);
  await kubectl(story, ["get", "externalsecret", "db", "-n", NAMESPACE, "-o", "jsonpath={.status.history}"]);
}

async function showTrouble(story: Story, store: DemoStore): Promise<void> {
  const { tell, stores } = story;
  const { title, reason, cause, repair } = store.trouble;
  tell.step(`${title}: status says why, and the Secret keeps its last good value`);
  await cause();
  await until(story, { ready: "False", reason, versions: story.versions });
  await showStatus(story, stores, "-o", "wide");
  await showSecret(story, story.passwords);
  tell.step("Undo it, and rotate: it heals by itself");
  await repair();
  await rotate(story, store, 3);
  await untilSynced(story);
  await showStatus(story, stores);
  await showSecret(story, story.passwords);
}

/** Writes the n-th password of a store. */
async function rotate({ stores, passwords, versions }: Story, store: DemoStore, n: number): Promise<void> {
  const password = `${stores.length === 1 ? "" : `${store.name}-`}correct-horse-${n}`;
  versions.set(store, await store.put(password));
  passwords.set(passwordKey(store, stores), password);
}

function untilSynced(story: Story): Promise<void> {
  return until(story, { ready: "True", reason: "SecretSynced", versions: story.versions });
}

function until(story: Story, wanted: WantedStatus): Promise<void> {
  return untilStatus(story, wanted, story.interrupted);
}

function titlesOf(stores: readonly DemoStore[]): string {
  return stores.map(({ title }) => title).join(", ");
}
