// From references to answers for each of them: those that no service could serve are refused, equal ones asked once.

import type { ProviderError } from "../../core/provider/error.ts";
import { type RemoteRef, type RemoteRefId, remoteRefId } from "../../core/provider/port.ts";
import type { Result } from "../../core/result.ts";

export async function answerEach<Target, Value>(
  refs: readonly RemoteRef[],
  resolve: (ref: RemoteRef) => Result<Target, ProviderError>,
  ask: (targets: readonly Target[]) => Promise<ReadonlyMap<Target, Result<Value, ProviderError>>>,
): Promise<ReadonlyMap<RemoteRefId, Result<Value, ProviderError>>> {
  const targets = new Map<RemoteRefId, Target>();
  const answers = new Map<RemoteRefId, Result<Value, ProviderError>>();
  for (const ref of refs) {
    const id = remoteRefId(ref);
    const target = targets.has(id) ? undefined : resolve(ref);
    if (target?.ok === true) targets.set(id, target.value);
    if (target?.ok === false) answers.set(id, target);
  }
  const answered = await ask([...targets.values()]);
  for (const [id, target] of targets) {
    const answer = answered.get(target);
    if (answer !== undefined) answers.set(id, answer);
  }
  return answers;
}

/** One question for each target, all at once: the limiter bounds how many are under way. */
export async function askEach<Target, Answer>(
  targets: readonly Target[],
  ask: (target: Target) => Promise<Answer>,
): Promise<Map<Target, Answer>> {
  return new Map(await Promise.all(targets.map(async (target) => [target, await ask(target)] as const)));
}

export function chunksOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, index) => index * size);
  return starts.map((start) => items.slice(start, start + size));
}
