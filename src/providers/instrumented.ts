// A decorator over any provider: gives each call a deadline, and counts calls by duration and answers by outcome.
// It sees kinds only: no key, no version, no value.

import type { Clock } from "../core/clock.ts";
import type { ProviderError, ProviderErrorKind } from "../core/provider/error.ts";
import type { SecretProvider } from "../core/provider/port.ts";
import type { Result } from "../core/result.ts";

export type ProviderOperation = "readVersions" | "readSecrets" | "find" | "validate";
export type ProviderOutcome = "ok" | ProviderErrorKind;

export interface ProviderMetrics {
  /** One call, however many references it carried. */
  observeCall(operation: ProviderOperation, durationSeconds: number): void;
  /** One answer: a reference of a read, or the whole of another call. */
  countOutcome(operation: ProviderOperation, outcome: ProviderOutcome): void;
}

export interface Instruments {
  readonly clock: Clock;
  readonly metrics: ProviderMetrics;
  /** Longest duration of a call, milliseconds. The provider answers `unavailable` for what it has not got by then. */
  readonly deadlineMs: number;
}

const MILLISECONDS_PER_SECOND = 1000;

type Answer = Result<unknown, ProviderError>;

/** Assumes a provider that answers soon after its signal aborts: the contract tests hold each to it. */
export function instrumentProvider(provider: SecretProvider, instruments: Instruments): SecretProvider {
  const { clock, metrics } = instruments;
  const measured = async <T>(
    operation: ProviderOperation,
    signal: AbortSignal,
    call: (bounded: AbortSignal) => Promise<T>,
    answersOf: (answer: T) => Iterable<Answer>,
  ): Promise<T> => {
    const startedMs = clock.monotonicMs();
    const deadline = new AbortController();
    const cancelTimer = clock.setTimer(instruments.deadlineMs, () => deadline.abort());
    try {
      const answer = await call(AbortSignal.any([signal, deadline.signal]));
      for (const result of answersOf(answer)) metrics.countOutcome(operation, result.ok ? "ok" : result.error.kind);
      return answer;
    } finally {
      cancelTimer();
      metrics.observeCall(operation, (clock.monotonicMs() - startedMs) / MILLISECONDS_PER_SECOND);
    }
  };
  return {
    readVersions: (refs, signal) =>
      measured("readVersions", signal, (bounded) => provider.readVersions(refs, bounded), eachAnswer),
    readSecrets: (refs, signal) =>
      measured("readSecrets", signal, (bounded) => provider.readSecrets(refs, bounded), eachAnswer),
    find: (query, signal) => measured("find", signal, (bounded) => provider.find(query, bounded), oneAnswer),
    validate: (signal) => measured("validate", signal, (bounded) => provider.validate(bounded), oneAnswer),
    close: () => provider.close(),
  };
}

const oneAnswer = (answer: Answer): Iterable<Answer> => [answer];
const eachAnswer = (answers: ReadonlyMap<unknown, Answer>): Iterable<Answer> => answers.values();
