// The abstract states that a schedule passes through, as hashes: what is counted as "distinct states" of a run.

import { textMap } from "./cluster/merge-patch.ts";
import type { Revision } from "./cluster/revision.ts";
import { readyOf } from "./oracles/status-content.ts";
import { refOf, type Written } from "./people.ts";
import type { Replica } from "./replica.ts";
import type { World } from "./world.ts";

export class StateTrace {
  readonly #world: World;
  readonly #states: Set<number>;
  readonly #statuses = new WeakMap<Revision, number>();
  #objectsAt = -1;
  #objects = 0;

  constructor(world: World, states: Set<number>) {
    this.#world = world;
    this.#states = states;
  }

  note(): void {
    const { cluster, replicas, store, server } = this.#world;
    const at = Math.max(cluster.changesOf("secrets"), cluster.changesOf("externalsecrets"));
    if (this.#objectsAt !== at) {
      this.#objectsAt = at;
      this.#objects = this.#hashObjects();
    }
    let hash = mix(this.#objects, store.outage === undefined ? 0 : 1);
    hash = mix(hash, server.isAway ? 1 : 0);
    for (const replica of replicas) hash = mix(hash, stateOf(replica));
    this.#states.add(hash);
  }

  #hashObjects(): number {
    const { people, cluster } = this.#world;
    return people.wanted().reduce((hash, written) => {
      const object = cluster.get(refOf("externalsecrets", written.blueprint.name));
      const secret = cluster.get(refOf("secrets", written.blueprint.target));
      return mix(mix(hash, secretState(secret, written)), object === undefined ? 0 : this.#statusOf(object));
    }, 7);
  }

  #statusOf(object: Revision): number {
    const known = this.#statuses.get(object);
    if (known !== undefined) return known;
    const state = statusState(object);
    this.#statuses.set(object, state);
    return state;
  }
}

function stateOf(replica: Replica): number {
  const { streams, calls } = replica.traffic;
  const life = replica.operator === undefined ? 0 : replica.isStopped ? 1 : replica.leads ? 2 : 3;
  return life + 4 * Math.min(streams, 7) + 32 * Math.min(calls, 7);
}

/** Absent, of others, or ours: in what state of our work. */
function secretState(secret: Revision | undefined, { blueprint }: Written): number {
  if (secret === undefined) return 0;
  const { managedFields, ownerReferences } = secret.meta;
  const wanted = blueprint.entries.length + (blueprint.extract === undefined ? 0 : 3);
  const held = Object.keys(textMap(secret.value["data"])).length;
  return 1 + Math.min(managedFields.length, 3) + 4 * ownerReferences.length + 8 * Math.sign(held - wanted);
}

function statusState(object: Revision): number {
  const ready = readyOf(object);
  if (ready === undefined) return 0;
  const lag = Math.min(object.meta.generation - ready.generation, 2);
  return 1 + lag + 4 * Array.from(ready.reason).reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
