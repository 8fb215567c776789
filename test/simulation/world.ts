// All that takes part in one schedule, put together from its seed: cluster, network, store, people, replicas, judge.

import { MOUNTS, PROPERTIES, REMOTE_KEYS } from "./blueprint.ts";
import { API_FAULT_MS, Calm } from "./calm.ts";
import { createDice, type Dice } from "./chance.ts";
import { type Change, VirtualCluster } from "./cluster/virtual-cluster.ts";
import { FaultDesk } from "./faults/desk.ts";
import { ApiServer } from "./network/api-server.ts";
import { Ledger } from "./oracles/ledger.ts";
import { LATEST_APPLY_MS, People } from "./people.ts";
import { Replica, type ReplicaParts } from "./replica.ts";
import type { Sabotage } from "./sabotage.ts";
import { VirtualStore } from "./store/virtual-store.ts";
import { VirtualTime } from "./virtual-time.ts";

const EPOCH_MS = Date.UTC(2026, 0, 1);
const BOOKMARK_MS = 15_000;

export class World {
  readonly time = new VirtualTime();
  readonly calm = new Calm();
  readonly dice: Dice;
  readonly cluster: VirtualCluster;
  readonly store: VirtualStore;
  readonly people: People;
  readonly ledger: Ledger;
  readonly desk: FaultDesk;
  readonly server: ApiServer;
  readonly replicas: readonly Replica[];
  /** No fault may begin any more. */
  isCalm = false;
  /** What waits for the store to be asked. */
  #readers: ((keys: readonly string[]) => void)[] = [];
  /** For a replay: told of everything that matters. */
  readonly #onNote: ((text: string) => void) | undefined;

  constructor(seed: number, sabotage: () => Sabotage, onNote?: (text: string) => void) {
    const { time, calm } = this;
    this.#onNote = onNote;
    this.dice = createDice(seed);
    this.cluster = new VirtualCluster(() => EPOCH_MS + time.nowMs);
    this.store = new VirtualStore(() => time.nowMs);
    this.people = new People(time, this.dice.fork(), this.cluster);
    const { cluster, people, store } = this;
    const replicas = this.dice.chance(0.3) ? 2 : 1;
    const elects = replicas > 1 || this.dice.chance(0.25);
    this.ledger = new Ledger({ time, cluster, people, store, elects });
    this.desk = new FaultDesk({
      time,
      calm,
      onWrite: (facts) => this.ledger.noteWrite(facts),
      onRequest: (facts) => this.ledger.noteRequest(facts),
      onFinished: (facts) => this.ledger.noteFinished(facts),
      onNote,
    });
    this.server = this.#createServer();
    this.replicas = Array.from({ length: replicas }, (_, index) => this.#createReplica({ index, elects, sabotage }));
  }

  /** The store's content, the cluster's, and the operator's first start. */
  begin(): void {
    for (const mount of MOUNTS) for (const key of REMOTE_KEYS) this.store.add(mount, key, PROPERTIES);
    this.people.settle(this.dice.pick([3, 3, 3, 3, 3, 3, 3, 4, 5]));
    this.calm.noteOver(LATEST_APPLY_MS);
    this.calm.allow(LATEST_APPLY_MS + API_FAULT_MS, "the last to be applied");
    for (const replica of this.replicas) this.time.after(this.dice.between(0, 500), () => replica.start());
    this.#sendBookmarks();
    const onNote = this.#onNote;
    if (onNote !== undefined) this.cluster.onChange((change) => onNote(textOfChange(change)));
  }

  /** `act` comes when the store is next asked for keys. */
  atReading(act: (keys: readonly string[]) => void): void {
    this.#readers.push(act);
  }

  /** An edit, that something is to be done when things go wrong. */
  giveWork(): void {
    this.people.editExternalSecret();
    this.calm.noteOver(this.time.nowMs);
    this.calm.allow(this.time.nowMs + API_FAULT_MS, "an edit");
  }

  /** What waits for its moment waits no more; what has begun takes its time. */
  calmDown(): void {
    this.isCalm = true;
    this.desk.clear();
    this.#readers = [];
  }

  /** Nobody looks at it any more. */
  end(): void {
    for (const replica of this.replicas) replica.end();
  }

  #createServer(): ApiServer {
    const dice = this.dice.fork();
    const server = new ApiServer(this.time, this.cluster, {
      hasStreamingLists: dice.chance(0.5),
      saysGoneInStream: () => dice.chance(0.5),
    });
    server.api.pageLimit = dice.pick([undefined, 1, 2]);
    return server;
  }

  #createReplica(wanted: Pick<ReplicaParts, "index" | "elects" | "sabotage">): Replica {
    const { time, server, store } = this;
    const onNote = this.#onNote;
    return new Replica({
      ...{ ...wanted, time, server, store },
      dice: this.dice.fork(),
      interferer: this.desk,
      onReading: (keys) => this.#readers.shift()?.(keys),
      listener: {
        onThrow: (message, error) =>
          this.ledger.report("noThrow", `${message}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`),
        onLine: onNote && ((text) => onNote(`replica ${wanted.index} says: ${text}`)),
      },
    });
  }

  #sendBookmarks(): void {
    this.time.after(BOOKMARK_MS, () => {
      if (!this.server.isAway) this.server.hub.sendBookmarks();
      this.#sendBookmarks();
    });
  }
}

function textOfChange({ ref, version, current, author }: Change): string {
  const by = author.kind === "operator" ? `replica ${author.replica}` : author.kind;
  return `${ref.plural}/${ref.name} at ${version} by ${by}: ${current === undefined ? "deleted" : JSON.stringify(current.value)}`;
}
