// The independent judge of a schedule: sees every change of the cluster as it is stored, and every request as it is
// sent, and writes down what was broken.

import type { Change, VirtualCluster } from "../cluster/virtual-cluster.ts";
import type { RequestFacts } from "../network/interference.ts";
import type { People } from "../people.ts";
import type { VirtualStore } from "../store/virtual-store.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { InFlight } from "./in-flight.ts";
import { Leadership } from "./leadership.ts";
import { SecretWrites } from "./secret-writes.ts";
import { unsettled } from "./settled.ts";
import { StatusWrites } from "./status-writes.ts";
import type { Invariant, Violation } from "./violation.ts";

export interface LedgerParts {
  readonly time: VirtualTime;
  readonly cluster: VirtualCluster;
  readonly people: People;
  readonly store: VirtualStore;
  /** Several replicas, or one that reckons with others. */
  readonly elects: boolean;
}

/** More requests of one replica within the time than any sane operator sends for a handful of objects. */
const HOT = { requests: 500, withinMs: 10_000 };

export class Ledger {
  readonly violations: Violation[] = [];
  readonly #parts: LedgerParts;
  readonly #leadership: Leadership;
  readonly #secretWrites: SecretWrites;
  readonly #statusWrites: StatusWrites;
  readonly #inFlight = new InFlight();
  readonly #requests = new Map<string, number>();
  #mustBeQuiet = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#leadership = new Leadership(parts.elects, () => parts.time.nowMs);
    const report = (invariant: Invariant, detail: string): void => this.report(invariant, detail);
    this.#secretWrites = new SecretWrites({ ...parts, report });
    this.#statusWrites = new StatusWrites({ ...parts, report, nowMs: () => parts.time.nowMs });
    parts.cluster.onChange((change) => this.#judge(change));
  }

  report(invariant: Invariant, detail: string): void {
    this.violations.push({ invariant, detail, atMs: Math.round(this.#parts.time.nowMs) });
  }

  /** From now on nobody has a reason to write. */
  demandQuiet(): void {
    this.#mustBeQuiet = true;
  }

  /** All is as people want it, and as the store says. */
  get isSettled(): boolean {
    return unsettled({ ...this.#parts, isFresh: true }).length === 0;
  }

  demandSettled(why: string, isFresh: boolean): void {
    for (const problem of unsettled({ ...this.#parts, isFresh })) this.report("converge", `${problem} (after ${why})`);
  }

  noteWrite({ replica, method, plural, isStatus }: RequestFacts): void {
    if (!this.#mustBeQuiet) return;
    const what = `${method} ${plural}${isStatus ? "/status" : ""}`;
    this.report("quiet", `replica ${replica} had ${what} carried out though all is right`);
  }

  noteFinished(facts: RequestFacts): void {
    this.#inFlight.end(facts);
  }

  noteRequest(facts: RequestFacts): void {
    const { replica } = facts;
    const problem = this.#inFlight.begin(facts);
    if (problem !== undefined) this.report("oneWorker", problem);
    const window = `${replica} ${Math.floor(this.#parts.time.nowMs / HOT.withinMs)}`;
    const count = (this.#requests.get(window) ?? 0) + 1;
    this.#requests.set(window, count);
    if (count === HOT.requests)
      this.report("quiet", `replica ${replica} sent ${count} requests within ${HOT.withinMs} ms`);
  }

  #judge(change: Change): void {
    const problem = this.#leadership.onChange(change);
    if (problem !== undefined) this.report("oneWriter", `${change.ref.plural} ${change.ref.name}: ${problem}`);
    this.#secretWrites.judge(change);
    this.#statusWrites.onChange(change);
  }
}
