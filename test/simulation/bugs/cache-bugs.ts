// Bugs of watches and caches, put in where their requests and answers pass.

import { failed } from "../../../src/core/result.ts";
import { isRecord, listOf, recordOf, textOf } from "../../../src/core/unknown.ts";
import { errorFromFailure } from "../../../src/kubernetes/api-error.ts";
import type { ApiCall, KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import type { Json } from "../cluster/revision.ts";

const CONNECTION_LOST = failed(errorFromFailure("unavailable", "reset", false));

/** "Too old" is taken for a lost connection: the watch resumes from there for ever. */
export function resumesForEver(client: KubernetesClient): KubernetesClient {
  return {
    ...client,
    async watch(call, handlers, signal) {
      const isGone = (line: string): boolean => line.includes('"code":410');
      const line = (text: string): void => (isGone(text) ? undefined : handlers.line(text));
      const end = await client.watch(call, { ...handlers, line }, signal);
      return !end.ok && end.error.kind === "gone" ? CONNECTION_LOST : end;
    },
  };
}

/** The first page of a list is taken for all of it. */
export function readsOnePage(client: KubernetesClient): KubernetesClient {
  return {
    ...client,
    async call(call, signal) {
      const answer = await client.call(call, signal);
      if (!answer.ok || !isList(call, answer.value)) return answer;
      const { continue: more, ...metadata } = recordOf(recordOf(answer.value)["metadata"]);
      return { ok: true, value: { ...recordOf(answer.value), metadata } };
    },
  };
}

/** An event from long ago is believed when it comes again: here, with each bookmark. */
export function believesOldEvents(client: KubernetesClient): KubernetesClient {
  return {
    ...client,
    watch(call, handlers, signal) {
      const oldest = new Map<string, Json>();
      const line = (text: string): void => {
        const event = eventOf(text);
        const object = recordOf(event["object"]);
        const key = keyOf(object);
        if (event["type"] === "BOOKMARK") for (const old of oldest.values()) handlers.line(redated(old, object));
        else if (key !== "" && !oldest.has(key)) oldest.set(key, object);
        handlers.line(text);
      };
      return client.watch(call, { ...handlers, line }, signal);
    },
  };
}

/** What was once in the cache is still there after a list that does not show it. */
export function forgetsDeletions(client: KubernetesClient): KubernetesClient {
  const kept = new Map<string, Map<string, Json>>();
  const of = (path: string): Map<string, Json> => {
    const objects = kept.get(path) ?? new Map<string, Json>();
    kept.set(path, objects);
    return objects;
  };
  return {
    ...client,
    async call(call, signal) {
      const answer = await client.call(call, signal);
      if (!answer.ok || !isList(call, answer.value)) return answer;
      const list = recordOf(answer.value);
      const objects = of(call.path);
      for (const item of listOf(list["items"]).map(recordOf)) objects.set(keyOf(item), item);
      const isLast = recordOf(list["metadata"])["continue"] === undefined;
      return isLast ? { ok: true, value: { ...list, items: [...objects.values()] } } : answer;
    },
    watch(call, handlers, signal) {
      const objects = of(call.path);
      const line = (text: string): void => {
        const event = eventOf(text);
        const object = recordOf(event["object"]);
        if (isInitialEnd(event)) for (const old of objects.values()) handlers.line(redated(old, object));
        else if (event["type"] === "DELETED") objects.delete(keyOf(object));
        else if (keyOf(object) !== "") objects.set(keyOf(object), object);
        handlers.line(text);
      };
      return client.watch(call, { ...handlers, line }, signal);
    },
  };
}

function isList({ method, query }: ApiCall, value: unknown): boolean {
  return method === "GET" && query !== undefined && isRecord(value) && Array.isArray(value["items"]);
}

function eventOf(text: string): Json {
  try {
    const event: unknown = JSON.parse(text);
    return recordOf(event);
  } catch {
    return {};
  }
}

function isInitialEnd({ type, object }: Json): boolean {
  const annotations = recordOf(recordOf(recordOf(object)["metadata"])["annotations"]);
  return type === "BOOKMARK" && annotations["k8s.io/initial-events-end"] === "true";
}

/** The object as news of the bookmark's version. */
function redated(object: Json, bookmark: Json): string {
  const { resourceVersion } = recordOf(bookmark["metadata"]);
  const metadata = { ...recordOf(object["metadata"]), resourceVersion };
  return JSON.stringify({ type: "MODIFIED", object: { ...object, metadata } });
}

function keyOf(object: Json): string {
  const { namespace, name } = recordOf(object["metadata"]);
  return textOf(name) === undefined ? "" : `${textOf(namespace) ?? ""}/${textOf(name) ?? ""}`;
}
