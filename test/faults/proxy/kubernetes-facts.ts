// Reads verb, resource and object out of a Kubernetes request's path, as kube-apiserver does
// (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go, v0.36), for the paths that an operator uses.

import type { RequestFacts } from "./rule.ts";

type Target = Pick<RequestFacts, "verb" | "resource" | "subresource" | "namespace" | "name">;
type Asked = Pick<RequestFacts, "method" | "path" | "query">;

const NO_TARGET: Target = { verb: "", resource: "", subresource: "", namespace: "", name: "" };
/** Subresources of a namespace; any other segment behind its name is a resource within it. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);
const VERBS = new Map([
  ["POST", "create"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
  ["GET", "get"],
]);

export function kubernetesTarget({ method, path, query }: Asked): Target {
  const segments = path
    .split("/")
    .filter((segment) => segment !== "")
    .map(decodeURIComponent);
  // /api/v1/… is the core group, /apis/GROUP/VERSION/… any other.
  const behindVersion = segments[0] === "api" ? segments.slice(2) : segments[0] === "apis" ? segments.slice(3) : [];
  if (behindVersion.length === 0) return NO_TARGET;
  const found = { ...placeOf(behindVersion) };
  const name = found.name === "" ? selectedName(query) : found.name;
  return { ...found, name, verb: verbOf(method, found.name !== "", query) };
}

function placeOf(segments: readonly string[]): Omit<Target, "verb"> {
  const [first = "", namespace = "", resource] = segments;
  if (first !== "namespaces") return { namespace: "", ...resourceOf(segments) };
  const isNamespaceItself = resource === undefined || NAMESPACE_SUBRESOURCES.has(resource);
  return { namespace, ...resourceOf(isNamespaceItself ? segments : segments.slice(2)) };
}

function resourceOf([resource = "", name = "", subresource = ""]: readonly string[]): Omit<
  Target,
  "verb" | "namespace"
> {
  return { resource, name, subresource };
}

function verbOf(method: string, isNamed: boolean, query: URLSearchParams): string {
  const verb = VERBS.get(method) ?? "";
  if (verb === "get" && isWatch(query)) return "watch";
  if (verb === "get" && !isNamed) return "list";
  return verb === "delete" && !isNamed ? "deletecollection" : verb;
}

function isWatch(query: URLSearchParams): boolean {
  const value = query.get("watch");
  return value === "1" || value === "true";
}

/** A list or watch of one object names it by a selector. */
function selectedName(query: URLSearchParams): string {
  return /^metadata\.name=([^,]+)$/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
}
