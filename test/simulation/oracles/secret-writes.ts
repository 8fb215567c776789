// I1, I2 and I5: what the operator may do to Secrets, judged at each write by what people wanted and what the store
// ever said. It reads the cluster directly and knows nothing of the operator's mind.

import {
  type Blueprint,
  isExclusive,
  MOUNTS,
  remoteKeysOf,
  type Rendering,
  renderingIn,
  wantedKeys,
} from "../blueprint.ts";
import type { Revision } from "../cluster/revision.ts";
import type { Author, Change } from "../cluster/virtual-cluster.ts";
import type { People, Written } from "../people.ts";
import { compareVersions, type RemoteVersion, type VirtualStore } from "../store/virtual-store.ts";
import { dataOf, isHeldBy } from "./secret-content.ts";
import type { Invariant } from "./violation.ts";

type Operator = Extract<Author, { kind: "operator" }>;
type Report = (invariant: Invariant, detail: string) => void;

/** A deletion needs an absence that two checks saw so far apart (api.md). */
const CONFIRMED_ABSENCE_MS = 30_000;
/** A reconcile that saw it may take so long until its last write is stored. */
const RECONCILE_MS = 70_000;

export interface SecretWritesParts {
  readonly people: People;
  readonly store: VirtualStore;
  readonly report: Report;
}

export class SecretWrites {
  readonly #parts: SecretWritesParts;
  /** Newest version that was written, by Secret, mount and remote key. */
  readonly #newest = new Map<string, RemoteVersion>();
  /** The spec that was rendered last, by uid: no older one may follow. */
  readonly #rendered = new Map<string, number>();

  constructor(parts: SecretWritesParts) {
    this.#parts = parts;
  }

  judge({ ref, previous, current, author }: Change): void {
    if (author.kind !== "operator" || ref.plural !== "secrets") return;
    if (current === undefined) {
      if (previous !== undefined) this.#judgeDeletion(previous);
      return;
    }
    const versions = this.#versionsOf(author);
    const [first] = versions;
    if (first === undefined) {
      this.#parts.report("preserve", `${ref.name} written for nobody`);
      return;
    }
    this.#judgeTitle(previous, versions);
    this.#judgeContent({ previous, current, author }, versions);
  }

  #versionsOf({ manager }: Operator): readonly Written[] {
    return this.#parts.people.written.filter(({ blueprint }) => `fairlead/${blueprint.name}` === manager);
  }

  #judgeTitle(previous: Revision | undefined, versions: readonly Written[]): void {
    const name = versions[0]?.blueprint.name ?? "";
    const isShared = versions.some(({ blueprint }) => !isExclusive(blueprint.policy));
    if (previous === undefined || isShared || isHeldBy(previous, name, new Set(versions.map(({ uid }) => uid)))) return;
    this.#parts.report("preserve", `${previous.meta.name} of somebody else was changed for ${name}`);
  }

  #judgeContent(
    { previous, current, author }: { previous: Revision | undefined; current: Revision; author: Operator },
    versions: readonly Written[],
  ): void {
    const { report } = this.#parts;
    const { name } = current.meta;
    const data = dataOf(current);
    const matching = versions.filter(
      ({ blueprint }) => blueprint.target === name && renderingIn(data, blueprint, this.#absentFrom(blueprint)),
    );
    const newest = matching.at(-1);
    if (newest === undefined) {
      report("atomic", `${name} for ${author.manager} holds no complete rendering: ${shown(data)}`);
      return;
    }
    const rendering = renderingIn(data, newest.blueprint, this.#absentFrom(newest.blueprint));
    if (rendering !== undefined) this.#judgeAge(name, rendering);
    this.#judgeSpecAge(matching);
    const foreign = foreignChanges(dataOf(previous), data, versions);
    if (foreign.length > 0 && !isExclusive(newest.blueprint.policy))
      report("preserve", `${name}: ${author.manager} changed keys of others: ${foreign.join()}`);
  }

  #judgeAge(secret: string, { mount, versions }: Rendering): void {
    for (const [key, version] of versions) {
      const id = `${secret} ${mount}/${key}`;
      const newest = this.#newest.get(id);
      if (newest === undefined || compareVersions(version, newest) > 0) this.#newest.set(id, version);
      else if (compareVersions(version, newest) < 0)
        this.#parts.report("noRegress", `${id} went back from ${textOf(newest)} to ${textOf(version)}`);
    }
  }

  #judgeSpecAge(matching: readonly Written[]): void {
    const [oldest, newest] = [matching[0], matching.at(-1)];
    if (oldest === undefined || newest === undefined || oldest.uid !== newest.uid) return;
    const floor = this.#rendered.get(newest.uid) ?? 0;
    if (newest.generation < floor)
      this.#parts.report(
        "noRegress",
        `${newest.blueprint.target} went back to generation ${newest.generation} of ${newest.blueprint.name} after ${floor}`,
      );
    this.#rendered.set(newest.uid, Math.max(floor, oldest.generation));
  }

  /** Only what people renamed, or what the store no longer has under a policy that says so. */
  #judgeDeletion(secret: Revision): void {
    const { people, report } = this.#parts;
    const { name } = secret.meta;
    const owner = people.written.findLast(({ uid, blueprint }) => isHeldBy(secret, blueprint.name, new Set([uid])));
    if (owner === undefined) {
      report("preserve", `${name} of somebody else was deleted`);
      return;
    }
    if (owner.blueprint.target !== name) return;
    if (!this.#mayBeDeleted(owner.blueprint)) report("preserve", `${name} was deleted without a confirmed absence`);
  }

  #mayBeDeleted(blueprint: Blueprint): boolean {
    const absent = this.#absentFrom(blueprint);
    return remoteKeysOf(blueprint).every((key) => absent.has(key));
  }

  /** Remote keys that a deletion policy may leave out. */
  #absentFrom(blueprint: Blueprint): ReadonlySet<string> {
    if (blueprint.deletionPolicy === "Retain") return new Set();
    const { store } = this.#parts;
    const isAbsent = (key: string): boolean =>
      MOUNTS.some((mount) => store.absentForMs(mount, key, RECONCILE_MS) >= CONFIRMED_ABSENCE_MS);
    return new Set(remoteKeysOf(blueprint).filter(isAbsent));
  }
}

/** Keys that changed and that the ExternalSecret never named. */
function foreignChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  versions: readonly Written[],
): readonly string[] {
  const named = new Set(versions.flatMap(({ blueprint }) => [...wantedKeys(blueprint).keys()]));
  return [...before].flatMap(([key, value]) => (after.get(key) !== value && !named.has(key) ? [key] : []));
}

function shown(data: ReadonlyMap<string, string>): string {
  return [...data].map(([key, value]) => `${key}=${value}`).join(" ");
}

function textOf({ life, version }: RemoteVersion): string {
  return `${life}.${version}`;
}
