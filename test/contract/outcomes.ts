// What a provider answered, in a form that tests compare: properties and version, or the kind of the failure.

import { type NamePattern, type RemoteRef, remoteRefId, type SecretProvider } from "../../src/core/provider/port.ts";

export const NEVER = new AbortController().signal;

export async function readOne(provider: SecretProvider, ref: RemoteRef, signal = NEVER) {
  const answer = (await provider.readSecrets([ref], signal)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer;
}

/** The properties that were read, and their version; or the kind of the failure. */
export async function outcomeOf(provider: SecretProvider, ref: RemoteRef, signal = NEVER) {
  const answer = await readOne(provider, ref, signal);
  if (!answer.ok) return answer.error.kind;
  const properties: unknown = JSON.parse(answer.value.payload.revealUtf8());
  return { properties, version: answer.value.version?.display };
}

/** The identity of the version; undefined where the store has none; or the kind of the failure. */
export async function versionOf(provider: SecretProvider, ref: RemoteRef): Promise<string | undefined> {
  const answer = (await provider.readVersions([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer.ok ? answer.value?.identity : answer.error.kind;
}

export function pattern(source: RegExp): NamePattern {
  return {
    source: source.source,
    test: (text) => source.test(text),
    replaceAll: (text, target) => text.replaceAll(source, target),
  };
}
