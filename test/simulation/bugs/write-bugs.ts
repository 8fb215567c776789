// Bugs of writes: what they carry, when they are sent, and what is made of their answers.

import { ok } from "../../../src/core/result.ts";
import { recordOf, textOf } from "../../../src/core/unknown.ts";
import type { ApiCall, KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import { mergePatch } from "../cluster/merge-patch.ts";
import type { Json } from "../cluster/revision.ts";

type Answer = Awaited<ReturnType<KubernetesClient["call"]>>;

function isSecretWrite({ method, path }: ApiCall): boolean {
  return method !== "GET" && path.includes("/secrets");
}

function isStatusWrite({ method, path }: ApiCall): boolean {
  return method === "PATCH" && path.endsWith("/status");
}

/** The same write, whatever is there by now. */
function unconditional(call: ApiCall): ApiCall {
  const body = recordOf(call.body);
  const { uid, resourceVersion, ...metadata } = recordOf(body["metadata"]);
  return { ...call, body: { ...body, metadata } };
}

/** Answers as if each write had been done to the Secret that was seen last. */
function createLiar() {
  const seen = new Map<string, Json>();
  return {
    note(call: ApiCall, answer: Answer): void {
      if (call.method === "GET" && answer.ok) seen.set(call.path, recordOf(answer.value));
    },
    answer(call: ApiCall): Answer {
      const before = seen.get(call.path) ?? { metadata: { uid: "invented", resourceVersion: "1" } };
      return ok(mergePatch(before, recordOf(call.body)));
    },
  };
}

/** A Secret is judged by a look from before, and changed without a precondition. */
export function writesFromStaleReads(client: KubernetesClient): KubernetesClient {
  const seen = new Map<string, Answer>();
  return {
    ...client,
    async call(call, signal) {
      if (isSecretWrite(call)) return client.call(call.method === "PATCH" ? unconditional(call) : call, signal);
      const isLook = call.method === "GET" && /\/secrets\/[^/]+$/.test(call.path) && call.accept === undefined;
      const before = isLook ? seen.get(call.path) : undefined;
      const answer = await client.call(call, signal);
      if (isLook && answer.ok) seen.set(call.path, answer);
      return before ?? answer;
    },
  };
}

/** A write without an answer counts as done. */
export function trustsLostAnswers(client: KubernetesClient): KubernetesClient {
  const liar = createLiar();
  return {
    ...client,
    async call(call, signal) {
      const answer = await client.call(call, signal);
      liar.note(call, answer);
      return !answer.ok && answer.error.ambiguous && isSecretWrite(call) ? liar.answer(call) : answer;
    },
  };
}

/** A write that met another Secret than expected is sent again, and this time it does not ask. */
export function insists(client: KubernetesClient): KubernetesClient {
  return {
    ...client,
    async call(call, signal) {
      const answer = await client.call(call, signal);
      const isRefused = !answer.ok && (answer.error.kind === "conflict" || answer.error.kind === "invalid");
      return isRefused && call.method === "PATCH" && isSecretWrite(call)
        ? client.call(unconditional(call), signal)
        : answer;
    },
  };
}

/** A Secret that is in the way of a create is taken over. */
export function createsOverOthers(client: KubernetesClient): KubernetesClient {
  return {
    ...client,
    async call(call, signal) {
      const answer = await client.call(call, signal);
      if (answer.ok || answer.error.kind !== "alreadyExists" || !isSecretWrite(call)) return answer;
      const { name } = recordOf(recordOf(call.body)["metadata"]);
      const path = `${call.path}/${textOf(name) ?? ""}`;
      return client.call({ ...call, method: "PATCH", path, contentType: "application/merge-patch+json" }, signal);
    },
  };
}

/** The Secret is written after the status that tells of it. */
export function publishesFirst(client: KubernetesClient): KubernetesClient {
  const liar = createLiar();
  let held: (() => Promise<Answer>)[] = [];
  return {
    ...client,
    async call(call, signal) {
      if (isSecretWrite(call)) {
        held.push(() => client.call(call, signal));
        return liar.answer(call);
      }
      const answer = await client.call(call, signal);
      liar.note(call, answer);
      if (isStatusWrite(call)) {
        const writes = held;
        held = [];
        for (const write of writes) await write();
      }
      return answer;
    },
  };
}

/** The Lease is written whatever it says by now. */
export function takesTheLease(client: KubernetesClient): KubernetesClient {
  return {
    ...client,
    call: (call, signal) => client.call(call.method === "PUT" ? unconditional(call) : call, signal),
  };
}

/** Half of what is to be written is left out. */
export function dropsKeys(client: KubernetesClient): KubernetesClient {
  const thinned = (data: Json): Json => Object.fromEntries(Object.entries(data).slice(1));
  return {
    ...client,
    call(call, signal) {
      const body = recordOf(call.body);
      const data = recordOf(body["data"]);
      const isThinned = isSecretWrite(call) && Object.keys(data).length > 1;
      return client.call(isThinned ? { ...call, body: { ...body, data: thinned(data) } } : call, signal);
    },
  };
}
