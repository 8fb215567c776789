// I4: of all that replicas wrote, nothing came from one whose time was over, or while the Lease was another's, and nobody
// took the Lease from one who had it. It believes the Lease and the moments at which bytes left, and nobody's own opinion.

import { recordOf, textOf } from "../../../src/core/unknown.ts";
import { RENEW_DEADLINE_MS } from "../../../src/runtime/leader-election/election-machine.ts";
import { LEASE_DURATION_MS } from "../../../src/runtime/leader-election/lease.ts";
import type { Author, Change } from "../cluster/virtual-cluster.ts";

export class Leadership {
  readonly #elects: boolean;
  readonly #nowMs: () => number;
  #holder = "";
  /** When the holder's last renewal was stored. */
  #storedMs = 0;
  /** When the last renewal that was stored had been sent, by replica. */
  readonly #renewedMs = new Map<number, number>();

  /** `elects` false: one replica runs alone. */
  constructor(elects: boolean, nowMs: () => number) {
    this.#elects = elects;
    this.#nowMs = nowMs;
  }

  /** Why the write may not be; undefined: it may. */
  onChange({ ref, current, author }: Change): string | undefined {
    if (author.kind !== "operator" || !this.#elects) return undefined;
    if (ref.plural !== "leases") return this.#problemOf(author);
    const previous = { holder: this.#holder, ageMs: this.#nowMs() - this.#storedMs };
    this.#holder = textOf(recordOf(current?.value["spec"])["holderIdentity"]) ?? "";
    this.#storedMs = this.#nowMs();
    const me = identityOf(author);
    if (this.#holder === me) this.#renewedMs.set(author.replica, author.sentAtMs);
    const isTaken = previous.holder !== "" && previous.holder !== me && previous.ageMs < LEASE_DURATION_MS;
    return isTaken
      ? `${me} took it from ${previous.holder} ${Math.round(previous.ageMs)} ms after a renewal`
      : undefined;
  }

  #problemOf(author: Extract<Author, { kind: "operator" }>): string | undefined {
    if (this.#holder !== identityOf(author))
      return `written by ${identityOf(author)} while the Lease is ${this.#holder === "" ? "nobody's" : this.#holder}'s`;
    const ageMs = author.sentAtMs - (this.#renewedMs.get(author.replica) ?? Number.NEGATIVE_INFINITY);
    return ageMs < RENEW_DEADLINE_MS ? undefined : `sent ${Math.round(ageMs)} ms after the last renewal`;
  }
}

function identityOf({ replica }: Extract<Author, { kind: "operator" }>): string {
  return `fairlead-${replica}`;
}
