// I7: a status may say Ready only of a Secret that held what the spec of that generation asks for, at some moment while
// its writer can have looked, and of an absence only where something was absent.

import { MOUNTS, REMOTE_KEYS, remoteKeysOf, renderingIn } from "../blueprint.ts";
import type { Revision } from "../cluster/revision.ts";
import type { Change } from "../cluster/virtual-cluster.ts";
import type { People } from "../people.ts";
import type { VirtualStore } from "../store/virtual-store.ts";
import { dataOf } from "./secret-content.ts";
import { type ReadySaying, readyOf } from "./status-content.ts";

interface Sight {
  readonly secret: Revision | undefined;
  /** Undefined: it is still so. */
  endedMs: number | undefined;
}

export interface StatusWritesParts {
  readonly people: People;
  readonly store: VirtualStore;
  readonly nowMs: () => number;
  readonly report: (invariant: "truth", detail: string) => void;
}

/** A reconcile may take so long from its look at the Secret to its status (--reconcile-timeout, and a grace). */
const LOOK_MS = 75_000;

export class StatusWrites {
  readonly #parts: StatusWritesParts;
  readonly #sights = new Map<string, Sight[]>();

  constructor(parts: StatusWritesParts) {
    this.#parts = parts;
  }

  onChange(change: Change): void {
    if (change.ref.plural === "secrets") this.#note(change);
    else if (change.ref.plural === "externalsecrets" && change.author.kind === "operator") this.#judge(change);
  }

  #note({ ref, current }: Change): void {
    const nowMs = this.#parts.nowMs();
    const sights = this.#sights.get(ref.name) ?? [];
    const last = sights.at(-1);
    if (last !== undefined) last.endedMs = nowMs;
    const recent = sights.filter(({ endedMs }) => endedMs === undefined || endedMs > nowMs - LOOK_MS);
    this.#sights.set(ref.name, [...recent, { secret: current, endedMs: undefined }]);
  }

  #judge({ current, ref }: Change): void {
    const ready = current === undefined ? undefined : readyOf(current);
    if (current === undefined || ready === undefined) return;
    if (ready.reason === "SecretNotFound") this.#judgeAbsence(ref.name);
    if (ready.status === "True" && ready.reason === "SecretSynced") this.#judgeReady(current, ready);
  }

  /** A store that failed has not said that there is nothing. */
  #judgeAbsence(name: string): void {
    const { people, report, store } = this.#parts;
    const keys = people.written
      .filter(({ blueprint }) => blueprint.name === name)
      .flatMap(({ blueprint }) => remoteKeysOf(blueprint));
    const isAbsent = keys.some((key) => MOUNTS.some((mount) => store.absentForMs(mount, key, LOOK_MS) > 0));
    if (!isAbsent) report("truth", `${name} says that something is not at the store, and all was`);
  }

  #judgeReady(current: Revision, ready: ReadySaying): void {
    const { name } = current.meta;
    const { people, report, nowMs } = this.#parts;
    const written = people.written.find(
      ({ uid, generation }) => uid === current.meta.uid && generation === ready.generation,
    );
    if (written === undefined) {
      report("truth", `${name} is Ready for a generation that never was`);
      return;
    }
    const { blueprint } = written;
    const sights = this.#sights.get(blueprint.target) ?? [];
    const mayBeAbsent = blueprint.deletionPolicy === "Retain" ? NONE : ANY;
    const isTrue = sights.some(
      ({ secret, endedMs }) =>
        (endedMs ?? nowMs()) >= nowMs() - LOOK_MS && renderingIn(dataOf(secret), blueprint, mayBeAbsent) !== undefined,
    );
    if (!isTrue) report("truth", `${name} is Ready, but ${blueprint.target} never held what it asks for`);
  }
}

/** Which entries a deletion policy leaves out is judged where Secrets are written. */
const ANY: ReadonlySet<string> = new Set(REMOTE_KEYS);
const NONE: ReadonlySet<string> = new Set();
