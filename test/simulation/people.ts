// What people and other controllers do to the cluster while the operator works: they apply, edit and delete
// ExternalSecrets, meddle with Secrets, and collect garbage. Keeps every version of every ExternalSecret, as its author
// meant it.

import { recordOf } from "../../src/core/unknown.ts";
import type { Dice } from "./chance.ts";
import {
  type Blueprint,
  drawBlueprint,
  drawEntries,
  editedBlueprint,
  isExclusive,
  manifestOf,
  MOUNTS,
  NAMESPACE,
  STORE_NAME,
} from "./blueprint.ts";
import type { ObjectRef } from "./cluster/object-path.ts";
import type { Revision } from "./cluster/revision.ts";
import type { Change, VirtualCluster } from "./cluster/virtual-cluster.ts";
import type { VirtualTime } from "./virtual-time.ts";

const PERSON = { kind: "person" } as const;
const COLLECTOR = { kind: "garbageCollector" } as const;
/** How often a person edits one Secret: after more rewrites the operator leaves it alone for minutes (api.md). */
const MAX_EDITS = 2;
/** Not all ExternalSecrets are there when the operator starts. */
export const LATEST_APPLY_MS = 2_000;
const FOREIGN_VALUE = Buffer.from("made by hand").toString("base64");

/** One version of an ExternalSecret. */
export interface Written {
  readonly uid: string;
  readonly generation: number;
  readonly blueprint: Blueprint;
}

export class People {
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  readonly #cluster: VirtualCluster;
  readonly #written: Written[] = [];
  readonly #edits = new Map<string, number>();
  /** The ExternalSecret or Secret at which something happens: people preferably turn to it, once. */
  focus: string | undefined;

  constructor(time: VirtualTime, dice: Dice, cluster: VirtualCluster) {
    this.#time = time;
    this.#dice = dice;
    this.#cluster = cluster;
    cluster.onChange((change) => this.#collectGarbage(change));
  }

  /** All versions that ever were, in their order. */
  get written(): readonly Written[] {
    return this.#written;
  }

  /** How many ExternalSecrets there ever were, by name. */
  get names(): number {
    return new Set(this.#written.map(({ blueprint }) => blueprint.name)).size;
  }

  /** What is wanted now, by ExternalSecret. */
  wanted(): readonly Written[] {
    return this.#cluster.list("externalsecrets").flatMap(({ meta }) => {
      const version = this.#written.findLast(
        ({ uid, generation }) => uid === meta.uid && generation === meta.generation,
      );
      return version ?? [];
    });
  }

  get mount(): string {
    const spec = JSON.stringify(this.#cluster.get(refOf("secretstores", STORE_NAME))?.value["spec"] ?? {});
    return MOUNTS.findLast((mount) => spec.includes(`"path":"${mount}"`)) ?? MOUNTS[0];
  }

  /** The namespace, its store, and ExternalSecrets with the Secrets that some of them fill. */
  settle(count: number): void {
    this.#cluster.create({ plural: "namespaces", namespace: "", name: NAMESPACE, subresource: "" }, {}, PERSON);
    this.#cluster.create(refOf("secretstores", STORE_NAME), { spec: storeSpec(MOUNTS[0]) }, PERSON);
    let previous: Blueprint | undefined;
    for (let index = 0; index < count; index += 1) {
      const blueprint = drawBlueprint(this.#dice, `es-${index}`, `target-${index}`);
      const rival =
        this.#dice.chance(0.12) && previous !== undefined && isExclusive(previous.policy) ? previous : undefined;
      const next: Blueprint = rival === undefined ? blueprint : { ...blueprint, target: rival.target, policy: "Owner" };
      previous = next;
      if (this.#dice.chance(0.5)) this.apply(next);
      else this.#time.after(this.#dice.between(0, LATEST_APPLY_MS), () => this.apply(next));
    }
  }

  apply(blueprint: Blueprint): void {
    const ref = refOf("externalsecrets", blueprint.name);
    const manifest = manifestOf(blueprint);
    const { policy, target } = blueprint;
    if ((policy === "Merge" || policy === "CreateOrMerge") && this.#dice.chance(0.7)) this.#makeForeign(target);
    const isNew = this.#cluster.get(ref) === undefined;
    const answer = isNew ? this.#cluster.create(ref, manifest, PERSON) : this.#cluster.patch(ref, manifest, PERSON);
    if (!answer.ok) return;
    const { uid, generation } = answer.revision.meta;
    const before = this.#written.findIndex((version) => version.uid === uid && version.generation === generation);
    if (before >= 0) this.#written.splice(before, 1);
    this.#written.push({ uid, generation, blueprint });
  }

  /** Returns its name; undefined: there is none. */
  editExternalSecret(): string | undefined {
    const version = this.#pickVersion();
    if (version === undefined) return undefined;
    this.apply(editedBlueprint(this.#dice, version.blueprint));
    return version.blueprint.name;
  }

  /** Asks for other data. */
  editEntries(name: string): void {
    const version = this.wanted().find(({ blueprint }) => blueprint.name === name);
    if (version !== undefined) this.apply({ ...version.blueprint, entries: drawEntries(this.#dice) });
  }

  /** `againAfterMs` undefined: it stays away. */
  deleteExternalSecret(againAfterMs: number | undefined): boolean {
    const version = this.#pickVersion();
    if (version === undefined) return false;
    const { blueprint } = version;
    this.#cluster.remove(refOf("externalsecrets", blueprint.name), {}, PERSON);
    const again = this.#dice.chance(0.5) ? blueprint : editedBlueprint(this.#dice, blueprint);
    if (againAfterMs !== undefined) this.#time.after(againAfterMs, () => this.apply(again));
    return true;
  }

  editSecret(): boolean {
    const secret = this.#pickSecret(
      this.#targets().filter(({ meta }) => (this.#edits.get(meta.name) ?? 0) < MAX_EDITS),
    );
    if (secret === undefined) return false;
    const { name } = secret.meta;
    this.#edits.set(name, (this.#edits.get(name) ?? 0) + 1);
    const keys = Object.keys(recordOf(secret.value["data"]));
    const [first = "added"] = keys;
    const edit = this.#dice.pick([
      { data: { [first]: FOREIGN_VALUE } },
      { data: { [first]: null } },
      { data: { added: FOREIGN_VALUE } },
      { metadata: { labels: { "fairlead.dev/managed": null } } },
      { metadata: { annotations: { note: "by hand" }, labels: { tier: "other" } } },
    ]);
    return this.#cluster.patch(refOf("secrets", name), edit, PERSON).ok;
  }

  deleteSecret(): boolean {
    const secret = this.#pickSecret(this.#targets());
    return secret !== undefined && this.#cluster.remove(refOf("secrets", secret.meta.name), {}, PERSON).ok;
  }

  /** Somebody deletes a Secret and makes one of the same name; `untilMs` undefined: it stays. */
  replaceSecret(removedAfterMs: number | undefined): boolean {
    const secret = this.#pickSecret(this.#targets());
    if (secret === undefined) return false;
    const ref = refOf("secrets", secret.meta.name);
    this.#cluster.remove(ref, {}, PERSON);
    this.#makeForeign(secret.meta.name);
    const made = this.#cluster.get(ref)?.meta.uid;
    if (removedAfterMs !== undefined && made !== undefined)
      this.#time.after(removedAfterMs, () => void this.#cluster.remove(ref, { uid: made }, PERSON));
    return true;
  }

  repointStore(): void {
    const mount = MOUNTS.find((other) => other !== this.mount) ?? MOUNTS[0];
    this.#cluster.patch(refOf("secretstores", STORE_NAME), { spec: storeSpec(mount) }, PERSON);
  }

  /** Secrets that some ExternalSecret names as its target. */
  #targets(): readonly Revision[] {
    const names = new Set(this.wanted().map(({ blueprint }) => blueprint.target));
    return this.#cluster.list("secrets").filter(({ meta }) => names.has(meta.name));
  }

  #makeForeign(name: string): void {
    this.#cluster.create(refOf("secrets", name), { type: "Opaque", data: { mine: FOREIGN_VALUE } }, PERSON);
  }

  #pickVersion(): Written | undefined {
    return this.#pick(this.wanted(), ({ blueprint }) => [blueprint.name, blueprint.target]);
  }

  #pickSecret(secrets: readonly Revision[]): Revision | undefined {
    const claimed = new Map(this.wanted().map(({ blueprint }) => [blueprint.target, blueprint.name]));
    return this.#pick(secrets, ({ meta }) => [meta.name, claimed.get(meta.name) ?? ""]);
  }

  #pick<T>(items: readonly T[], namesOf: (item: T) => readonly string[]): T | undefined {
    const { focus } = this;
    this.focus = undefined;
    const focused = focus === undefined ? undefined : items.find((item) => namesOf(item).includes(focus));
    return focused ?? (items.length === 0 ? undefined : this.#dice.pick(items));
  }

  /** Kubernetes' garbage collector: what names only owners that are gone goes, a little later. */
  #collectGarbage({ ref, previous, current }: Change): void {
    if (ref.plural === "externalsecrets" && current === undefined && previous !== undefined)
      this.#collectLater(previous.meta.uid);
    const owners = current?.meta.ownerReferences ?? [];
    const uids = owners.map((owner) => String(owner["uid"]));
    if (ref.plural === "secrets" && uids.length > 0) {
      const alive = new Set(this.#cluster.list("externalsecrets").map(({ meta }) => meta.uid));
      for (const uid of uids) if (!alive.has(uid)) this.#collectLater(uid);
    }
  }

  #collectLater(uid: string): void {
    this.#time.after(this.#dice.between(5, 2_000), () => {
      for (const { meta } of this.#cluster.list("secrets")) {
        const isOwned = meta.ownerReferences.length > 0 && meta.ownerReferences.every((owner) => owner["uid"] === uid);
        if (isOwned) this.#cluster.remove(refOf("secrets", meta.name), { uid: meta.uid }, COLLECTOR);
      }
    });
  }
}

export function refOf(plural: string, name: string): ObjectRef {
  return { plural, namespace: NAMESPACE, name, subresource: "" };
}

function storeSpec(path: string) {
  const auth = { tokenSecretRef: { name: "token", key: "token" } };
  return { provider: { vault: { server: "https://vault.test", path, version: "v2", auth } } };
}
