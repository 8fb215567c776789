// A provider that takes no step back: an answer that is older than one of the same session comes from a standby that
// lags behind. It is asked for once more, for another node may answer then, and else refused as `unavailable`. Versions that begin again (a KV v2 key
// deleted with its metadata) are newer by their time and pass; versions without a number or a time always pass.

import type { Clock } from "../core/clock.ts";
import { type ProviderError, providerError } from "../core/provider/error.ts";
import {
  type RemoteRef,
  type RemoteRefId,
  remoteRefId,
  type RemoteVersion,
  type SecretProvider,
} from "../core/provider/port.ts";
import { failed, type Result } from "../core/result.ts";

/** No standby lags so long: then the store itself went back, as one restored from a backup, and what it says counts. */
const LONGEST_LAG_MS = 5 * 60_000;

interface Numbered {
  readonly number: number;
  readonly createdMs: number;
}

interface Newest extends Numbered {
  /** When an older answer came first; undefined: none since. */
  readonly olderSinceMs: number | undefined;
}

export function refuseOlderAnswers(provider: SecretProvider, clock: Clock): SecretProvider {
  const newest = new Map<string, Newest>();

  /** Undefined: the answer counts. */
  const refusal = (ref: RemoteRef, version: RemoteVersion | undefined): ProviderError | undefined => {
    const answered = ref.version === undefined ? numbered(version) : undefined;
    if (answered === undefined) return undefined;
    const known = newest.get(ref.key);
    const sinceMs = known?.olderSinceMs ?? clock.monotonicMs();
    if (known === undefined || !isOlder(answered, known) || clock.monotonicMs() - sinceMs >= LONGEST_LAG_MS) {
      newest.set(ref.key, { ...answered, olderSinceMs: undefined });
      return undefined;
    }
    newest.set(ref.key, { ...known, olderSinceMs: sinceMs });
    const detail = `an answer with version ${answered.number} after version ${known.number} was read: a standby that lags`;
    return providerError("unavailable", detail);
  };

  return {
    readVersions: (refs, signal) =>
      newestOf(
        refs,
        (asked) => provider.readVersions(asked, signal),
        (ref, version) => refusal(ref, version),
      ),
    readSecrets: (refs, signal) =>
      newestOf(
        refs,
        (asked) => provider.readSecrets(asked, signal),
        (ref, { version }) => refusal(ref, version),
      ),
    find: (query, signal) => provider.find(query, signal),
    validate: (signal) => provider.validate(signal),
    close: () => provider.close(),
  };
}

type Answers<T> = ReadonlyMap<RemoteRefId, Result<T, ProviderError>>;

type Refusal<T> = (ref: RemoteRef, value: T) => ProviderError | undefined;

async function newestOf<T>(
  refs: readonly RemoteRef[],
  ask: (refs: readonly RemoteRef[]) => Promise<Answers<T>>,
  refusal: Refusal<T>,
): Promise<Answers<T>> {
  const first = await ask(refs);
  const refused = refusedOf(refs, first, refusal);
  if (refused.size === 0) return first;
  const asked = [...refused.keys()];
  const second = await ask(asked);
  const refusedAgain = refusedOf(asked, second, refusal);
  return new Map([
    ...first,
    ...second,
    ...[...refusedAgain].map(([ref, error]) => [remoteRefId(ref), failed(error)] as const),
  ]);
}

function refusedOf<T>(
  refs: readonly RemoteRef[],
  answers: Answers<T>,
  refusal: Refusal<T>,
): ReadonlyMap<RemoteRef, ProviderError> {
  const refused = new Map<RemoteRef, ProviderError>();
  for (const ref of refs) {
    const answer = answers.get(remoteRefId(ref));
    const error = answer?.ok === true ? refusal(ref, answer.value) : undefined;
    if (error !== undefined) refused.set(ref, error);
  }
  return refused;
}

function numbered(version: RemoteVersion | undefined): Numbered | undefined {
  const createdMs = Date.parse(version?.createdTime ?? "");
  const display = version?.display ?? "";
  return Number.isNaN(createdMs) || !/^\d{1,15}$/.test(display) ? undefined : { number: Number(display), createdMs };
}

/** By both: a node whose clock is behind may give the next version an earlier time. */
function isOlder(answered: Numbered, known: Numbered): boolean {
  return answered.number < known.number && answered.createdMs <= known.createdMs;
}
