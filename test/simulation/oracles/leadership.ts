// I4: of all that replicas wrote, nothing came from one whose time was over, or while the Lease was another's. It
// believes the Lease and the moments at which bytes left, and nobody's own opinion.

import { recordOf, textOf } from "../../../src/core/unknown.ts";
import { RENEW_DEADLINE_MS } from "../../../src/runtime/leader-election/election-machine.ts";
import type { Author, Change } from "../cluster/virtual-cluster.ts";

export class Leadership {
  readonly #elects: boolean;
  #holder = "";
  /** When the last renewal that was stored had been sent, by replica. */
  readonly #renewedMs = new Map<number, number>();

  /** `elects` false: one replica runs alone. */
  constructor(elects: boolean) {
    this.#elects = elects;
  }

  /** Why the write may not be; undefined: it may. */
  onChange({ ref, current, author }: Change): string | undefined {
    if (author.kind !== "operator" || !this.#elects) return undefined;
    if (ref.plural !== "leases") return this.#problemOf(author);
    this.#holder = textOf(recordOf(current?.value["spec"])["holderIdentity"]) ?? "";
    if (this.#holder === identityOf(author)) this.#renewedMs.set(author.replica, author.sentAtMs);
    return undefined;
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
