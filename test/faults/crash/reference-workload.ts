// The workload that is crashed: short, and with each kind of write that Fairlead makes. A first sync, a rotation, keys
// that leave a shared Secret, a remote secret that goes (deletionPolicy Delete), a target that is renamed, a deletion.

import { dataEntry } from "../../integration/support/manifests.ts";
import type { RunObjects } from "./run-objects.ts";

export interface Phase {
  readonly name: string;
  /** What people do. */
  act(objects: RunObjects): Promise<void>;
  /** What must come of it; a sentence while it has not. */
  missing(objects: RunObjects): string | undefined;
  /** Done again from time to time, until nothing is missing. */
  urge?(objects: RunObjects): Promise<void>;
}

/** Nothing happens by time alone. */
const refreshInterval = "1h";
const SYNCED = "True SecretSynced";
const DELETED = "True SecretDeleted";

export const referencePhases: readonly Phase[] = [
  {
    name: "first sync",
    async act(objects) {
      const { name, team, value } = objects;
      await Promise.all([
        objects.putRemote("one", { password: value("one-1") }),
        objects.putRemote("two", { first: value("two-first"), second: value("two-second") }),
        objects.putRemote("three", { password: value("three-1") }),
        objects.makeForeignSecret("shared", { theirs: "kept" }),
      ]);
      await objects.applyStore();
      const entry = (short: string, property: string) => dataEntry(property, team.key(name(short)), property);
      await objects.applyExternalSecret("one", { refreshInterval, data: [entry("one", "password")] });
      const target = { name: name("shared"), creationPolicy: "Merge" };
      const data = [entry("two", "first"), entry("two", "second")];
      await objects.applyExternalSecret("two", { refreshInterval, target, data });
      const fleeting = { refreshInterval, target: { deletionPolicy: "Delete" }, data: [entry("three", "password")] };
      await objects.applyExternalSecret("three", fleeting);
    },
    missing: ({ ready, secretData, value }) =>
      firstFalse({
        "one is synced": ready("one") === SYNCED && secretData("one")?.["password"] === value("one-1"),
        "two is synced": ready("two") === SYNCED && secretData("shared")?.["second"] === value("two-second"),
        "three is synced": ready("three") === SYNCED && secretData("three")?.["password"] === value("three-1"),
      }),
  },
  {
    name: "rotation, a key less, a remote secret less",
    async act(objects) {
      const { name, team, value, world } = objects;
      world.expect.allowLoss(team.namespace, name("three"));
      world.expect.allowLoss(team.namespace, name("shared"));
      await Promise.all([objects.putRemote("one", { password: value("one-2") }), objects.removeRemote("three")]);
      await objects.forceSync("one");
      await objects.patchSpec("two", { data: [dataEntry("first", team.key(name("two")), "first")] });
      await objects.forceSync("three");
    },
    missing: ({ ready, secretData, value, version }) =>
      firstFalse({
        "one holds the new version": version("one") === "2" && secretData("one")?.["password"] === value("one-2"),
        "two has given a key back": ready("two") === SYNCED && Object.keys(secretData("shared") ?? {}).length === 2,
        "three says what is missing": ready("three").startsWith("False"),
      }),
  },
  {
    name: "target renamed, absence confirmed",
    async act(objects) {
      await objects.patchSpec("one", { target: { name: objects.name("renamed") } });
      await objects.forceSync("three");
    },
    urge: confirmAbsence,
    missing: ({ ready, secretData, exists, value }) =>
      firstFalse({
        "one has moved": ready("one") === SYNCED && secretData("renamed")?.["password"] === value("one-2"),
        "the former target of one is gone": !exists("Secret", "one"),
        "the Secret of three is gone": !exists("Secret", "three"),
        "three says so": ready("three") === DELETED,
      }),
  },
  {
    name: "deletion under Owner",
    act: (objects) => objects.deleteExternalSecret("one"),
    urge: confirmAbsence,
    missing: ({ exists, ready }) =>
      firstFalse({
        "the Secret of one is gone": !exists("ExternalSecret", "one") && !exists("Secret", "renamed"),
        "three says what it said": ready("three") === DELETED,
      }),
  },
];

/** Confirmations do not survive a restart (api.md, "What must hold"): people ask again. */
async function confirmAbsence(objects: RunObjects): Promise<void> {
  if (objects.ready("three") !== DELETED) await objects.forceSync("three");
}

/** For the same reason these come once more after a restart. */
export const repeatableEvents: ReadonlySet<string> = new Set([
  "Event/SecretNotFound/three",
  "Event/SecretDeleted/three",
]);

function firstFalse(claims: Readonly<Record<string, boolean>>): string | undefined {
  return Object.entries(claims).find(([, holds]) => !holds)?.[0];
}
