// Reads the world for one sync: which stores may be asked, and what they answer. Failures are values, all of them known.

import type { ObjectKey } from "../../core/object-key.ts";
import { describeProviderError } from "../../core/provider/describe.ts";
import { isConfirmableAbsence, type ProviderError, providerErrorPolicy } from "../../core/provider/error.ts";
import { type RemoteRef, remoteRefId, type RemoteSecret, type SecretProvider } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { Source, StoreRef } from "../../core/spec/external-secret.ts";
import type { ReadFailure, SourceRead } from "../../core/sync/assemble.ts";
import { concernsStore } from "../../refresh/store-session.ts";
import { entryId } from "../../core/sync/entries.ts";
import type { SourceReading } from "../../core/value/render-source.ts";
import type { ResolvedStore, StoreDirectory } from "./store-directory.ts";

export type Observation =
  /** A store was not validated yet: its first outcome wakes us. */
  | { readonly kind: "pending" }
  /** The cache does not show yet what is there: nothing can be said. */
  | { readonly kind: "lagging" }
  | {
      readonly kind: "read";
      readonly reads: readonly SourceRead[];
      /** True if every failure belongs to a store that fails as a whole. */
      readonly isStoreOutage: boolean;
      /** At least so long before another try, milliseconds. */
      readonly retryAfterMs: number;
      /** False: a store that was read has another identity by now, or may not be used any more. */
      readonly isCurrent: () => boolean;
    };

export interface ObserveInput {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly sources: readonly Source[];
}

export async function observe(
  directory: StoreDirectory,
  input: ObserveInput,
  signal: AbortSignal,
): Promise<Observation> {
  const groups = [...Map.groupBy(input.sources, (source) => `${source.store.kind}/${source.store.name}`).values()].map(
    (sources) => ({
      sources,
      resolved: directory.resolve(storeOf(sources), input),
    }),
  );
  if (groups.some(({ resolved }) => resolved.kind === "pending")) return { kind: "pending" };
  const lags = await Promise.all(groups.map((group) => isLagging(directory, group, input, signal)));
  if (lags.some(Boolean)) return { kind: "lagging" };
  const results = await Promise.all(
    groups.map(({ sources, resolved }) => readStore({ directory, sources, resolved, input }, signal)),
  );
  const answers = new Map(results.flatMap((result) => [...result.reads]));
  const reads = input.sources.map((source) => ({ source, reading: answers.get(source) ?? unanswered() }));
  const failures = reads.flatMap(({ reading }) => (reading.ok ? [] : [reading.error]));
  return {
    kind: "read",
    reads,
    isStoreOutage: failures.length > 0 && results.every((result) => result.isOutage || result.isComplete),
    retryAfterMs: Math.max(0, ...failures.map((failure) => failure.retryAfterMs ?? 0)),
    isCurrent: () =>
      groups.every((group) => isSameSession(group.resolved, directory.resolve(storeOf(group.sources), input))),
  };
}

function isSameSession(before: ResolvedStore, now: ResolvedStore): boolean {
  return before.kind !== "ready" || (now.kind === "ready" && now.session === before.session);
}

interface StoreGroup {
  /** All of one store; at least one. */
  readonly sources: readonly Source[];
  readonly resolved: ResolvedStore;
}

/** An ExternalSecret and its store, applied together, come by two watches: what is on its way is not missing. */
async function isLagging(
  directory: StoreDirectory,
  { sources, resolved }: StoreGroup,
  { namespace }: ObserveInput,
  signal: AbortSignal,
): Promise<boolean> {
  if (resolved.kind !== "unseen") return false;
  return resolved.what === "namespace" || directory.exists(storeOf(sources), namespace, signal);
}

interface StoreReading extends StoreGroup {
  readonly directory: StoreDirectory;
  readonly input: ObserveInput;
}

interface StoreReads {
  readonly reads: ReadonlyMap<Source, Result<SourceReading, ReadFailure>>;
  /** The store fails as a whole. */
  readonly isOutage: boolean;
  readonly isComplete: boolean;
}

async function readStore(
  { directory, sources, resolved, input }: StoreReading,
  signal: AbortSignal,
): Promise<StoreReads> {
  if (resolved.kind === "pending") return { reads: new Map(), isOutage: true, isComplete: false };
  if (resolved.kind === "refused" || resolved.kind === "unseen") {
    const failure: ReadFailure = { ...resolved.failure, isAbsent: false };
    return { reads: new Map(sources.map((source) => [source, failed(failure)])), isOutage: false, isComplete: false };
  }
  if (resolved.kind === "failing") {
    const { error } = resolved;
    const reads = new Map(sources.map((source) => [source, failed(readFailure(source, error, resolved.providerName))]));
    return { reads, isOutage: true, isComplete: false };
  }
  const { session, providerName } = resolved;
  const answers = await readSources(session.provider, sources, signal);
  const errors = [...answers.values()].flatMap((answer) => (answer.ok ? [] : [answer.error]));
  const isOutage = errors.some(concernsStore) && (await session.probe(signal)).kind === "failing";
  if (isOutage) directory.awaitReady(storeOf(sources), input);
  const reads = new Map(
    [...answers].map(([source, answer]) => [
      source,
      answer.ok ? answer : failed(readFailure(source, answer.error, providerName)),
    ]),
  );
  return { reads, isOutage, isComplete: errors.length === 0 };
}

function storeOf(sources: readonly Source[]): StoreRef {
  return sources[0]?.store ?? unanswered();
}

function unanswered(): never {
  throw new Error("a provider left a reference unanswered");
}

type Answers = Map<Source, Result<SourceReading, ProviderError>>;

async function readSources(
  provider: SecretProvider,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<Answers> {
  const answers: Answers = new Map();
  const direct = sources.flatMap((source) =>
    source.kind === "find" ? [] : [{ source, ref: refOf(source.remoteRef) }],
  );
  const distinct = [...new Map(direct.map(({ ref }) => [remoteRefId(ref), ref])).values()];
  const [secrets] = await Promise.all([
    readRefs(provider, distinct, signal),
    ...sources.map(async (source) => {
      if (source.kind === "find") answers.set(source, await readFind(provider, source, signal));
    }),
  ]);
  for (const { source, ref } of direct) {
    const secret = secrets.get(remoteRefId(ref)) ?? unanswered();
    answers.set(source, secret.ok ? ok({ kind: "one", secret: secret.value }) : secret);
  }
  return answers;
}

async function readRefs(
  provider: SecretProvider,
  refs: readonly RemoteRef[],
  signal: AbortSignal,
): ReturnType<SecretProvider["readSecrets"]> {
  return refs.length === 0 ? new Map() : provider.readSecrets(refs, signal);
}

/** What is deleted between the list and the read is left out, as the next list would. */
async function readFind(
  provider: SecretProvider,
  { find }: Extract<Source, { kind: "find" }>,
  signal: AbortSignal,
): Promise<Result<SourceReading, ProviderError>> {
  const keys = await provider.find(find, signal);
  if (!keys.ok) return keys;
  const refs = keys.value.map((key): RemoteRef => ({ key, version: undefined, metadataPolicy: "None" }));
  const secrets = await readRefs(provider, refs, signal);
  const found = new Map<string, RemoteSecret>();
  for (const ref of refs) {
    const secret = secrets.get(remoteRefId(ref)) ?? unanswered();
    if (secret.ok) found.set(ref.key, secret.value);
    else if (!isProvedAbsence(secret.error)) return secret;
  }
  return ok({ kind: "many", secrets: found });
}

function refOf({ key, version, metadataPolicy }: RemoteRef): RemoteRef {
  return { key, version, metadataPolicy };
}

function readFailure(source: Source, error: ProviderError, providerName: string): ReadFailure {
  return {
    reason: providerErrorPolicy[error.kind].reason,
    message: describeProviderError(error, { ...entryId(source), providerName }),
    retryAfterMs: error.retryAfterMs,
    isAbsent: isProvedAbsence(error),
  };
}

function isProvedAbsence({ kind, isUnproved }: ProviderError): boolean {
  return isConfirmableAbsence(kind) && isUnproved !== true;
}
