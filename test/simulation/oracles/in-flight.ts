// One worker at a time works on an ExternalSecret: a process never waits for two writes for its sake at once.

import type { RequestFacts } from "../network/interference.ts";

export class InFlight {
  /** By process and ExternalSecret. */
  readonly #writes = new Map<string, RequestFacts>();

  /** Why the write may not begin; undefined: it may. */
  begin(facts: RequestFacts): string | undefined {
    if (facts.writesFor === "") return undefined;
    const other = this.#writes.get(keyOf(facts));
    this.#writes.set(keyOf(facts), facts);
    return other && `${facts.writesFor}: ${textOf(facts)} left while ${textOf(other)} was on its way`;
  }

  end(facts: RequestFacts): void {
    if (this.#writes.get(keyOf(facts)) === facts) this.#writes.delete(keyOf(facts));
  }
}

function keyOf({ replica, life, writesFor }: RequestFacts): string {
  return `${replica} ${life} ${writesFor}`;
}

function textOf({ method, plural, name }: RequestFacts): string {
  return `${method} ${plural} ${name}`;
}
