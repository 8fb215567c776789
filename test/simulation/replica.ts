// One replica of the operator through its lives: a container that is started again whenever its process ends.

import { ok } from "../../src/core/result.ts";
import type { SecretStoreSpec } from "../../src/core/spec/secret-store.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import type { CredentialCache } from "../../src/kubernetes/credential-cache.ts";
import { createCaller } from "../../src/kubernetes/rest-call.ts";
import type { KubernetesClient } from "../../src/kubernetes/rest-client.ts";
import { createWatcher } from "../../src/kubernetes/rest-watch.ts";
import type { Dice } from "./chance.ts";
import type { ApiServer } from "./network/api-server.ts";
import { CallLink } from "./network/call-link.ts";
import type { Interferer } from "./network/interference.ts";
import { WatchLink } from "./network/watch-link.ts";
import { createOperator, type Operator } from "./operator.ts";
import type { Sabotage } from "./sabotage.ts";
import { type Listener, listeningLogger } from "./silence.ts";
import { createVirtualProvider } from "./store/virtual-provider.ts";
import type { VirtualStore } from "./store/virtual-store.ts";
import { VirtualProcess, type WallClock } from "./virtual-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface ReplicaParts {
  readonly index: number;
  /** False: it runs alone. */
  readonly elects: boolean;
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly server: ApiServer;
  readonly store: VirtualStore;
  readonly interferer: Interferer;
  /** Asked once for each life. */
  readonly sabotage: () => Sabotage;
  readonly onReading: (keys: readonly string[]) => void;
  readonly listener: Listener;
}

/** Limits of rest-client.ts, whose connections are replaced here. */
const CALL_LIMITS = { callDeadlineMs: 30_000 };
const PING_ANSWER_MS = 4_000;
const WATCH_LIMITS = { watchOpenMs: 30_000, maxLineBytes: 8 * 1024 * 1024 };

const NO_CREDENTIALS: CredentialCache = {
  current: () =>
    Promise.resolve(
      ok({
        credentials: { caPem: undefined, clientCertificate: undefined, bearerToken: undefined },
        tlsGeneration: 1,
      }),
    ),
  refused: () => undefined,
};

interface Life {
  readonly process: VirtualProcess;
  readonly operator: Operator;
  readonly calls: CallLink[];
  readonly watches: WatchLink[];
}

export class Replica {
  readonly identity: string;
  readonly wall: WallClock = { offsetMs: 0 };
  readonly #parts: ReplicaParts;
  #lives = 0;
  #life: Life | undefined;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.identity = `fairlead-${parts.index}`;
  }

  get index(): number {
    return this.#parts.index;
  }

  get isRunning(): boolean {
    return this.#life?.process.isAlive === true && !this.#life.process.isStopped;
  }

  get isStopped(): boolean {
    return this.#life?.process.isStopped === true;
  }

  get leads(): boolean {
    return this.#life?.process.isAlive === true && this.#life.operator.leads();
  }

  /** Undefined: no process. */
  get operator(): Operator | undefined {
    return this.#life?.process.isAlive === true ? this.#life.operator : undefined;
  }

  /** Streams that the process believes in, and calls that wait for an answer. */
  get traffic(): { readonly streams: number; readonly calls: number } {
    const { watches = [], calls = [] } = this.#life ?? {};
    return {
      streams: watches.reduce((sum, { size }) => sum + size, 0),
      calls: calls.reduce((sum, { inFlight }) => sum + inFlight, 0),
    };
  }

  get watches(): readonly WatchLink[] {
    return this.#life?.watches ?? [];
  }

  start(): void {
    if (this.#life?.process.isAlive === true) return;
    const { time, dice, listener, elects } = this.#parts;
    const sabotage = this.#parts.sabotage();
    this.#lives += 1;
    const process = new VirtualProcess(time, this.wall, dice.fork());
    const life: Pick<Life, "process" | "calls" | "watches"> = { process, calls: [], watches: [] };
    const operator = createOperator({
      process,
      random: dice.fork().random,
      log: listeningLogger({
        onThrow: (message, error) => (process.isAlive ? listener.onThrow(message, error) : undefined),
        onLine: listener.onLine,
      }),
      createClient: () => this.#createClient(life),
      createProvider: (spec) => {
        const provider = this.#createProvider(process, spec);
        return sabotage.provider?.(provider) ?? provider;
      },
      identity: this.identity,
      elects,
      sabotage,
    });
    this.#life = { ...life, operator };
    operator.start();
    void operator.lost.then(() => this.#exit());
  }

  /** SIGKILL, and a new start after `downMs`. */
  crash(downMs: number): void {
    this.end();
    this.#parts.time.after(downMs, () => this.start());
  }

  /** The process is gone. What it left is told to stop, only so that no memory is held: nothing of it is heard any more. */
  end(): void {
    const { process, calls = [], watches = [], operator } = this.#life ?? {};
    process?.kill();
    for (const link of [...calls, ...watches]) link.close();
    void operator?.stop();
  }

  /** SIGTERM, and a new start once it has ended. */
  terminate(downMs: number): void {
    void this.#life?.operator.stop().then(() => this.crash(downMs));
  }

  stop(): void {
    this.#life?.process.stop();
  }

  goOn(): void {
    this.#life?.process.goOn();
  }

  /** Another replica leads: the process ends by itself, and the kubelet starts it again. */
  #exit(): void {
    const { process } = this.#life ?? {};
    void this.#life?.operator.stop().then(() => {
      if (process?.isAlive === true) this.crash(this.#parts.dice.between(300, 2_000));
    });
  }

  #createClient(life: Pick<Life, "process" | "calls" | "watches">): KubernetesClient {
    const { time, dice, server, interferer, index } = this.#parts;
    const { process } = life;
    const link = { time, dice: dice.fork(), process, server, interferer, replica: index, life: this.#lives };
    const calls = new CallLink(link);
    const watches = new WatchLink({ ...link, onSilent: () => calls.cutSilent(PING_ANSWER_MS) });
    life.calls.push(calls);
    life.watches.push(watches);
    const shared = {
      clock: process.clock,
      userAgent: "fairlead/simulation",
      credentials: NO_CREDENTIALS,
      onRequest: () => undefined,
    };
    return {
      call: createCaller({ ...shared, limits: CALL_LIMITS, transport: calls }),
      watch: createWatcher({ ...shared, limits: WATCH_LIMITS, transport: watches }),
      close: () => undefined,
    };
  }

  #createProvider(process: VirtualProcess, spec: SecretStoreSpec): SecretProvider {
    const { time, dice, store, onReading } = this.#parts;
    const mount = spec.provider.kind === "vault" ? (spec.provider.path ?? "") : "";
    return createVirtualProvider({ store, mount, time, dice: dice.fork(), process, onReading });
  }
}
