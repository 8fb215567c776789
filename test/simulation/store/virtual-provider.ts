// A provider over the virtual store. Each key is read at a moment of its own, and the answer comes later still, so that
// the store may change in the middle.

import { providerError, type ProviderError, type ProviderErrorKind } from "../../../src/core/provider/error.ts";
import {
  type RemoteRef,
  type RemoteRefId,
  remoteRefId,
  type RemoteSecret,
  type SecretProvider,
} from "../../../src/core/provider/port.ts";
import { failed, ok, type Result } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { Dice } from "../chance.ts";
import type { VirtualProcess } from "../virtual-process.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { VirtualStore } from "./virtual-store.ts";

export interface ProviderParts {
  readonly store: VirtualStore;
  readonly mount: string;
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly process: VirtualProcess;
  /** Told when a read has begun whose answer is not there yet. */
  readonly onReading: (keys: readonly string[]) => void;
}

type Answer = Result<RemoteSecret, ProviderError>;

export function createVirtualProvider(parts: ProviderParts): SecretProvider {
  const { store, mount } = parts;
  return {
    readVersions: () => Promise.resolve(new Map()),
    readSecrets: (refs, signal) => readAll(parts, refs, signal),
    find: () => Promise.resolve(failed(errorOf("invalidReference"))),
    validate: (signal) =>
      later(
        parts,
        () =>
          store.outage === undefined
            ? ok({ capabilities: "ReadOnly" as const, backendIdentity: mount, notes: [] })
            : failed(errorOf(store.outage)),
        { signal, given: failed(errorOf("unavailable")) },
      ),
    close: () => Promise.resolve(),
  };
}

async function readAll(
  parts: ProviderParts,
  refs: readonly RemoteRef[],
  signal: AbortSignal,
): Promise<ReadonlyMap<RemoteRefId, Answer>> {
  parts.onReading(refs.map(({ key }) => key));
  const given: Answer = failed(errorOf("unavailable"));
  // Mostly nothing happens between the looks at two keys, and they may as well be one.
  if (parts.store.slownessMs === 0 && parts.dice.chance(0.6)) {
    const all = (): readonly (readonly [RemoteRefId, Answer])[] =>
      refs.map((ref) => [remoteRefId(ref), look(parts, ref.key)]);
    return new Map(await later(parts, all, { signal, given: refs.map((ref) => [remoteRefId(ref), given]) }));
  }
  const answers = refs.map(async (ref): Promise<readonly [RemoteRefId, Answer]> => [
    remoteRefId(ref),
    await later(parts, () => look(parts, ref.key), { signal, given }),
  ]);
  return new Map(await Promise.all(answers));
}

function look({ store, mount }: ProviderParts, key: string): Answer {
  const sight = store.read(mount, key);
  if (!sight.ok) return failed(errorOf(sight.error));
  const { life, version } = sight.version;
  return ok({
    form: "document",
    payload: SecretValue.ofUtf8(JSON.stringify(sight.fields)),
    version: { identity: `${version}@${mount}.${life}`, display: `${version}`, createdTime: undefined },
  });
}

interface Bound<T> {
  readonly signal: AbortSignal;
  /** The answer of a call that is given up. */
  readonly given: T;
}

/** The store looks some time after the call, and answers some time after that. */
function later<T>(
  { store, time, dice, process }: ProviderParts,
  act: () => T,
  { signal, given }: Bound<T>,
): Promise<T> {
  if (signal.aborted || !process.isAlive) return Promise.resolve(given);
  return new Promise((resolve) => {
    const settle = (answer: T): void => {
      signal.removeEventListener("abort", giveUp);
      resolve(answer);
    };
    const giveUp = (): void => settle(given);
    const slowMs = (): number => dice.between(1, 8) + dice.between(0, store.slownessMs);
    time.after(slowMs(), () => {
      const answer = act();
      time.after(slowMs(), () => process.deliver(() => settle(answer)));
    });
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

function errorOf(kind: ProviderErrorKind): ProviderError {
  return providerError(kind, `the virtual store says ${kind}`);
}
