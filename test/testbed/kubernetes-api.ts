// The Kubernetes API for test code, as the rig's administrator. Every answer is returned, whatever its status,
// because refusals are what many tests look at; `ok` turns an unwanted one into an error.
import { RestError, type RestClient, type RestReply } from "./rest-client.ts";

export const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export interface KubernetesApi {
  get(path: string): Promise<RestReply>;
  post(path: string, body: unknown, contentType?: string): Promise<RestReply>;
  put(path: string, body: unknown, contentType?: string): Promise<RestReply>;
  /** Default content type: JSON merge patch. */
  patch(path: string, body: unknown, contentType?: string): Promise<RestReply>;
  delete(path: string, body?: unknown): Promise<RestReply>;
}

export function createKubernetesApi(client: RestClient): KubernetesApi {
  const send = (method: string, path: string, body?: unknown, contentType = "application/json"): Promise<RestReply> =>
    client.call({ method, path, body, headers: body === undefined ? {} : { "content-type": contentType } });
  return {
    get: (path) => send("GET", path),
    post: (path, body, contentType) => send("POST", path, body, contentType),
    put: (path, body, contentType) => send("PUT", path, body, contentType),
    patch: (path, body, contentType = patchTypes.merge) => send("PATCH", path, body, contentType),
    delete: (path, body) => send("DELETE", path, body),
  };
}

/** The parsed body of a 2xx answer; throws RestError for any other. */
export async function ok(reply: Promise<RestReply>): Promise<unknown> {
  const settled = await reply;
  if (settled.status < 200 || settled.status > 299) {
    throw new RestError(settled);
  }
  return settled.body;
}
