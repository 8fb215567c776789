// The objects of one run, all in one namespace under names with a beginning of their own: how they are made, and how
// they look by what the recorder has seen.

import { externalSecret, secretStore } from "../../integration/support/manifests.ts";
import type { Team } from "../../integration/support/team.ts";
import { type JsonRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import type { FaultWorld } from "../fault-world.ts";
import { conditionOf, generationOf } from "../oracle/revision.ts";

const FORCE_SYNC = "fairlead.dev/force-sync";
const API = "/apis/fairlead.dev/v1/namespaces";

export interface RunObjects {
  readonly world: FaultWorld;
  readonly team: Team;
  /** Common beginning of all names. */
  readonly prefix: string;
  /** The full name. */
  name(short: string): string;
  /** A value that the leak check looks for. */
  value(label: string): string;
  applyStore(): Promise<void>;
  applyExternalSecret(short: string, spec: JsonRecord): Promise<void>;
  patchSpec(short: string, spec: JsonRecord): Promise<void>;
  /** Asks for a sync now; each time anew. */
  forceSync(short: string): Promise<void>;
  deleteExternalSecret(short: string): Promise<void>;
  /** A Secret that somebody else makes. */
  makeForeignSecret(short: string, data: Readonly<Record<string, string>>): Promise<void>;
  putRemote(short: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Removes the remote secret with all of its versions. */
  removeRemote(short: string): Promise<void>;
  /** Data of the Secret as text; undefined: there is none. */
  secretData(short: string): Readonly<Record<string, string>> | undefined;
  /** Reason of the Ready condition for the generation that is there, as `True SecretSynced`; empty: none yet. */
  ready(short: string): string;
  /** Version of the first entry in status. */
  version(short: string): string;
  exists(kind: "ExternalSecret" | "Secret", short: string): boolean;
  /** Deletes what the run has made. */
  cleanUp(): Promise<void>;
}

export function runObjects(world: FaultWorld, team: Team, prefix: string): RunObjects {
  const { recorder, rig } = world;
  const { namespace } = team;
  const name = (short: string): string => prefix + short;
  let forced = 0;
  const externalSecretOf = (short: string): JsonRecord | undefined =>
    recorder.current("ExternalSecret", namespace, name(short))?.object;
  return {
    ...{ world, team, prefix, name },
    value: (label) => team.value(label),
    async applyStore() {
      const spec = { namespace, name: name("store"), vault: team.vaultSpec() };
      await ok(rig.api.post(`${API}/${namespace}/secretstores`, secretStore(spec)));
    },
    async applyExternalSecret(short, spec) {
      const secretStoreRef = { name: name("store") };
      const object = externalSecret({ namespace, name: name(short), spec: { secretStoreRef, ...spec } });
      await ok(rig.api.post(`${API}/${namespace}/externalsecrets`, object));
    },
    patchSpec: (short, spec) => team.patchExternalSecret(name(short), { spec }),
    async forceSync(short) {
      forced += 1;
      await team.patchExternalSecret(name(short), { metadata: { annotations: { [FORCE_SYNC]: String(forced) } } });
    },
    async deleteExternalSecret(short) {
      await ok(rig.api.delete(team.externalSecretPath(name(short))));
    },
    async makeForeignSecret(short, stringData) {
      const body = { apiVersion: "v1", kind: "Secret", metadata: { name: name(short) }, stringData };
      await ok(world.expect.foreigner.post(`/api/v1/namespaces/${namespace}/secrets`, body));
    },
    async putRemote(short, values) {
      await rig.vault.putSecret("kv", team.key(name(short)), values);
    },
    removeRemote: (short) => rig.vault.delete(`kv/metadata/${team.key(name(short))}`),
    secretData(short) {
      const secret = recorder.current("Secret", namespace, name(short));
      return secret === undefined ? undefined : Object.fromEntries(secret.data);
    },
    ready(short) {
      const revision = recorder.current("ExternalSecret", namespace, name(short));
      if (revision === undefined) return "";
      const isObserved = valueAt(revision.object, "status", "observedGeneration") === generationOf(revision);
      const condition = isObserved ? conditionOf(revision.object, "Ready") : undefined;
      return condition === undefined ? "" : `${String(condition["status"])} ${String(condition["reason"])}`;
    },
    version: (short) => optionalTextAt(listAt(externalSecretOf(short), "status", "entries")[0], "version") ?? "",
    exists: (kind, short) => recorder.current(kind, namespace, name(short)) !== undefined,
    cleanUp: () => cleanUp(world, namespace, prefix),
  };
}

async function cleanUp({ recorder, expect }: FaultWorld, namespace: string, prefix: string): Promise<void> {
  await recorder.caughtUp();
  const newest = new Map(
    recorder
      .revisions()
      .filter((revision) => revision.namespace === namespace && revision.name.startsWith(prefix))
      .map((revision) => [`${revision.kind}/${revision.name}`, revision]),
  );
  const present = [...newest.values()].filter(({ change }) => change !== "DELETED");
  const remove = async (kind: string, path: string): Promise<void> => {
    const names = present.filter((revision) => revision.kind === kind).map((revision) => revision.name);
    await Promise.all(names.map((name) => expect.foreigner.delete(`${path}/${name}`)));
  };
  // ExternalSecrets first: a Secret that goes before them would be made again.
  await remove("ExternalSecret", `${API}/${namespace}/externalsecrets`);
  await remove("SecretStore", `${API}/${namespace}/secretstores`);
  await remove("Secret", `/api/v1/namespaces/${namespace}/secrets`);
}
