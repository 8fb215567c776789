// Asks the API server itself where the cache may lag behind: does the ExternalSecret that we act for still stand as we
// know it, and is a store that we do not see really not there. Reads without a resourceVersion are answered from etcd.

import type { ObjectName } from "../../core/object-key.ts";
import { parseMeta } from "../../core/spec/parse-meta.ts";
import type { ObjectMeta } from "../../core/spec/records.ts";
import type { ApiError } from "../../kubernetes/api-error.ts";
import { objectPath, resources, type ResourceType } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";
import { metadataAccept } from "../../runtime/list-page.ts";
import { isProvedAbsent } from "../../kubernetes/proved-absence.ts";

export type Standing =
  /** It is there, with the spec that we know. */
  | { readonly kind: "current"; readonly resourceVersion: string }
  /** Deleted, being deleted, or another object of the same name: nothing may be done in its name. */
  | { readonly kind: "gone" }
  /** We may not look. */
  | { readonly kind: "denied" }
  /** Its spec is another one than we know, or no answer came: to be looked at again. */
  | { readonly kind: "unclear"; readonly retryAfterMs: number };

export interface LiveLook {
  /** How the ExternalSecret that the cache shows as `known` stands now. */
  standing(known: ObjectMeta, signal: AbortSignal): Promise<Standing>;
  /** False: there is no such object, or we may not see it. No answer counts as yes. */
  exists(type: ResourceType, name: ObjectName, signal: AbortSignal): Promise<boolean>;
}

export function createLiveLook(client: KubernetesClient): LiveLook {
  const get = (type: ResourceType, name: ObjectName, signal: AbortSignal) =>
    client.call({ method: "GET", path: objectPath(type, name), accept: metadataAccept.object }, signal);
  return {
    async standing(known, signal) {
      const answer = await get(resources.externalSecrets, known, signal);
      if (!answer.ok) return standingAfter(answer.error);
      const live = parseMeta(answer.value);
      return live.ok ? standingOf(known, live.value) : unclear(0);
    },
    async exists(type, name, signal) {
      const answer = await get(type, name, signal);
      return answer.ok || !(isProvedAbsent(answer.error) || answer.error.kind === "forbidden");
    },
  };
}

function standingOf(known: ObjectMeta, live: ObjectMeta): Standing {
  if (live.uid === "") return unclear(0);
  if (live.uid !== known.uid || live.deletionTimestamp !== undefined) return { kind: "gone" };
  // Also an older one: it comes from a backup, and the cache will show it soon.
  if (live.generation !== known.generation) return unclear(0);
  return { kind: "current", resourceVersion: live.resourceVersion };
}

function standingAfter(error: ApiError): Standing {
  if (isProvedAbsent(error)) return { kind: "gone" };
  return error.kind === "forbidden" ? { kind: "denied" } : unclear(error.retryAfterMs ?? 0);
}

function unclear(retryAfterMs: number): Standing {
  return { kind: "unclear", retryAfterMs };
}
