// How an apiserver that is stuck in the past answers: lists at one resourceVersion, watches whose first events are such
// a list. The real server's history gives the snapshot: resourceVersionMatch=Exact
// (kubernetes.io/docs/reference/using-api/api-concepts, section "Semantics for get and list").

import { isRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import type { RequestFacts } from "./rule.ts";
import type { OnwardRequest, RealAnswer } from "./upstream.ts";
import { frameOf } from "./watch-frames.ts";

/** The list as it was; a page behind the first names its own version in the token. */
export function listAtVersion(onward: OnwardRequest, { path, query }: RequestFacts, version: string): OnwardRequest {
  const asked = new URLSearchParams(query);
  if (!asked.has("continue")) {
    asked.set("resourceVersion", version);
    asked.set("resourceVersionMatch", "Exact");
  }
  return { ...onward, target: `${path}?${asked.toString()}` };
}

/** A watch that names no version begins with the objects that exist. */
export function startsWithObjects({ query }: RequestFacts): boolean {
  const version = query.get("resourceVersion") ?? "";
  return query.get("sendInitialEvents") === "true" || version === "" || version === "0";
}

/** The list that such a watch begins with. */
export function initialList(onward: OnwardRequest, facts: RequestFacts, version: string): OnwardRequest {
  const query = new URLSearchParams();
  for (const name of ["labelSelector", "fieldSelector"]) {
    const value = facts.query.get(name);
    if (value !== null) query.set(name, value);
  }
  const accept = onward.headers["accept"];
  const headers =
    typeof accept === "string"
      ? { ...onward.headers, accept: accept.replaceAll("as=PartialObjectMetadata;", "as=PartialObjectMetadataList;") }
      : onward.headers;
  return listAtVersion({ ...onward, headers }, { ...facts, query }, version);
}

/** The frames that stand for the list. */
export function initialFrames(list: RealAnswer, { query }: RequestFacts, version: string): Buffer {
  const body: unknown = JSON.parse(list.body.toString("utf8"));
  const type = {
    kind: (optionalTextAt(body, "kind") ?? "").replace(/List$/, ""),
    apiVersion: optionalTextAt(body, "apiVersion"),
  };
  const objects = listAt(body, "items").filter(isRecord);
  const frames = objects.map((object) => frameOf("ADDED", { ...type, ...object }));
  if (query.get("sendInitialEvents") === "true") {
    const annotations = { "k8s.io/initial-events-end": "true" };
    const resourceVersion = valueAt(body, "metadata", "resourceVersion") ?? version;
    frames.push(frameOf("BOOKMARK", { ...type, metadata: { resourceVersion, annotations } }));
  }
  return Buffer.concat(frames);
}

/** The same watch from the version on. */
export function watchFromVersion(onward: OnwardRequest, { path, query }: RequestFacts, version: string): OnwardRequest {
  const asked = new URLSearchParams(query);
  asked.delete("sendInitialEvents");
  asked.delete("resourceVersionMatch");
  asked.set("resourceVersion", version);
  return { ...onward, target: `${path}?${asked.toString()}` };
}
