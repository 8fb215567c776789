// Performs what the election machine wants: asks and watches the Lease, keeps the timer, and moves the fence.
// Its client must be one of its own, so that renewals never wait behind other calls.

import type { CancelTimer, Clock, Random } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ObjectName } from "../../core/object-key.ts";
import { assertNever } from "../../core/result.ts";
import type { Fence } from "../../kubernetes/fenced-client.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";
import { initialElectionState, nextElectionStep, RENEW_DEADLINE_MS } from "./election-machine.ts";
import type { ElectionEffect, ElectionInput, ElectionState } from "./election-state.ts";
import { type LeaseClaim, parseLease } from "./lease.ts";
import { createLeaseClient, type LeaseClient } from "./lease-client.ts";
import { watchLease } from "./lease-watch.ts";
import { createWriteFence, type MovableFence } from "./write-fence.ts";

export interface LeaderElectorOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly lease: ObjectName;
  /** Name that no other replica has, and that stays when the container starts again: the pod's. */
  readonly identity: string;
  /** For metrics: whether we lead now. */
  readonly onChange: (leads: boolean) => void;
  /** Another replica leads. What we know is as old as our last renewal, so the process has to begin anew. */
  readonly onLost: () => void;
}

export interface LeaderElector {
  readonly fence: Fence;
  /** Resolves when we lead; stays open if stopped before. */
  start(): Promise<void>;
  /**
   * Closes the fence and releases the Lease if we hold it, so that a standby takes over at once. Where a write of ours may
   * still be carried out, it leaves the Lease to run out.
   */
  stop(signal: AbortSignal): Promise<void>;
}

export function createLeaderElector(options: LeaderElectorOptions): LeaderElector {
  return new LeaseElector(options);
}

class LeaseElector implements LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #log: Logger;
  readonly #lease: LeaseClient;
  readonly #fence: MovableFence;
  readonly #elected = Promise.withResolvers<undefined>();
  readonly #following = new AbortController();
  readonly #requests = new AbortController();
  #state: ElectionState = initialElectionState;
  #leads = false;
  #cancelTimer: CancelTimer = () => {};
  /** When the last write was sent, by the wall clock. */
  #sentAtMs = 0;
  #request: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(options: LeaderElectorOptions) {
    const { client, clock, lease } = options;
    this.#options = options;
    this.#log = options.log.with({ lease: `${lease.namespace}/${lease.name}` });
    const onFailure = (what: string, cause: string): void => this.#log.warn(`Could not ${what} the lease`, { cause });
    this.#lease = createLeaseClient({ client, clock, lease, onFailure });
    this.#fence = createWriteFence(clock);
  }

  get fence(): Fence {
    return this.#fence;
  }

  async start(): Promise<void> {
    const onLease = (raw: unknown): void => {
      const lease = parseLease(raw);
      if (lease !== undefined) this.#input({ kind: "sighted", lease });
    };
    void watchLease({ ...this.#options, onLease }, this.#following.signal);
    this.#input({ kind: "start" });
    await this.#elected.promise;
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#following.abort();
    this.#cancelTimer();
    const giveUp = (): void => this.#requests.abort();
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    // What can be released depends on the outcome of a renewal in flight.
    while (this.#state.kind !== "ended" && this.#state.request !== undefined) await this.#request;
    signal.removeEventListener("abort", giveUp);
    this.#close();
    const step = nextElectionStep(this.#state, { kind: "stop" }, this.#environment());
    this.#state = step.state;
    for (const effect of step.effects) if (effect.kind === "release") await this.#release(effect.claim);
  }

  async #release(claim: LeaseClaim): Promise<void> {
    if (this.#fence.mayCommit())
      this.#log.warn("Leaving the lease to run out, for a write that was given up may still be carried out");
    else if (await this.#lease.release(claim)) this.#log.info("Released the lease");
  }

  #input(input: ElectionInput): void {
    const step = nextElectionStep(this.#state, input, this.#environment());
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  #environment() {
    const { clock, random, identity } = this.#options;
    return { identity, nowMs: clock.monotonicMs(), random };
  }

  #perform(effect: ElectionEffect): void {
    switch (effect.kind) {
      case "readLease":
        this.#request = this.#lease.read(this.#requests.signal).then((input) => this.#input(input));
        return;
      case "writeLease":
        this.#sentAtMs = this.#options.clock.nowMs();
        this.#request = this.#lease.write(effect.claim, this.#requests.signal).then((input) => this.#input(input));
        return;
      case "lead":
        this.#lead(effect.untilMs);
        return;
      case "suspend":
        this.#log.warn("Could not renew the lease in time, nothing is written until it is renewed");
        this.#close();
        return;
      case "lost":
        this.#log.error("Another replica leads now", { holder: effect.holder });
        this.#cancelTimer();
        this.#close();
        this.#options.onLost();
        return;
      case "setTimer":
        this.#setTimer(effect.delayMs);
        return;
      case "release":
        return; // The answer to `stop` only, which performs it itself.
      default:
        assertNever(effect);
    }
  }

  #lead(untilMs: number): void {
    this.#following.abort();
    this.#fence.openUntil({ monotonicMs: untilMs, wallMs: this.#sentAtMs + RENEW_DEADLINE_MS });
    if (!this.#leads) this.#log.info("Leading", { identity: this.#options.identity });
    this.#setLeads(true);
    this.#elected.resolve(undefined);
  }

  #close(): void {
    this.#fence.close();
    this.#setLeads(false);
  }

  #setLeads(leads: boolean): void {
    if (this.#leads !== leads) this.#options.onChange(leads);
    this.#leads = leads;
  }

  #setTimer(delayMs: number): void {
    this.#cancelTimer();
    if (this.#stopping) return;
    this.#cancelTimer = this.#options.clock.setTimer(delayMs, () => this.#input({ kind: "timer" }));
  }
}
