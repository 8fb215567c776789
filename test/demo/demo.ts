// `make demo`: the main job on a real control plane with the stores that STORE names (default vault), told step by step.
// Exits 0, or says which step failed and exits 1. On a terminal it stays up afterwards until Ctrl-C.

import { once } from "node:events";
import { type Rig, startRig } from "../testbed/rig.ts";
import { startAwsStore } from "./aws-store.ts";
import { startAzureStore } from "./azure-store.ts";
import { chosenStores, type DemoStore, type Stage, type StoreName, storeNames } from "./demo-store.ts";
import { createNarrator } from "./narrator.ts";
import { tellStory } from "./story.ts";
import { createVaultStore } from "./vault-store.ts";

const starters = {
  vault: (stage: Stage) => Promise.resolve(createVaultStore(stage)),
  aws: startAwsStore,
  azure: startAzureStore,
} as const satisfies Record<StoreName, (stage: Stage) => Promise<DemoStore>>;

/** Fires at the first Ctrl-C or SIGTERM. */
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());

const tell = createNarrator((text) => process.stdout.write(text));
process.exit(await main(process.env["STORE"] ?? "vault"));

async function main(choice: string): Promise<number> {
  const names = chosenStores(choice);
  if (names === undefined) {
    process.stderr.write(`STORE=${choice} is no store of the demo: use ${storeNames.join(", ")} or all\n`);
    return 1;
  }
  try {
    tell.step("Start etcd, kube-apiserver, kube-controller-manager and Vault");
    await using rig = await startRig({ report: (line) => tell.note(line) });
    tell.note(`kube-apiserver ${rig.handle.kubernetes.server}, Vault ${rig.vault.address}`);
    await perform(rig, names);
  } catch (error) {
    process.stderr.write(`\nThe demo failed in step ${tell.current}\n${String(error)}\n`);
    return 1;
  }
  tell.note("All servers are stopped.");
  return 0;
}

async function perform(rig: Rig, names: readonly StoreName[]): Promise<void> {
  const stage: Stage = { rig, tell };
  await using started = new AsyncDisposableStack();
  const stores: DemoStore[] = [];
  for (const name of names) {
    const store = await starters[name](stage);
    started.defer(() => store.stop());
    stores.push(store);
  }
  const [first, ...others] = stores;
  if (first === undefined) throw new Error("no store was chosen");
  const state = { passwords: new Map<string, string>(), versions: new Map<DemoStore, string>() };
  await tellStory({ ...stage, ...state, stores: [first, ...others], interrupted: interruption.signal }, async () => {
    if (process.stdout.isTTY) await stayUp(rig, stores);
  });
}

async function stayUp(rig: Rig, stores: readonly DemoStore[]): Promise<void> {
  tell.note("Everything stays up until Ctrl-C:");
  tell.command(`export KUBECONFIG=${rig.kubeconfigPath}`);
  for (const line of stores.flatMap((store) => store.access)) tell.command(line);
  const { signal } = interruption;
  if (!signal.aborted) await once(signal, "abort");
}
