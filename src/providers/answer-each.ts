// Asks for references one by one, for stores or paths that take no list.

import { type RemoteRef, type RemoteRefId, remoteRefId } from "../core/provider/port.ts";

/** Equal references are asked once; the limiter bounds how many are under way. */
export async function answerEach<Answer>(
  refs: readonly RemoteRef[],
  ask: (ref: RemoteRef) => Promise<Answer>,
): Promise<ReadonlyMap<RemoteRefId, Answer>> {
  const distinct = new Map(refs.map((ref) => [remoteRefId(ref), ref]));
  const answers = [...distinct].map(async ([id, ref]) => [id, await ask(ref)] as const);
  return new Map(await Promise.all(answers));
}
