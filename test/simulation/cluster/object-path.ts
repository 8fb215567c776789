// What a path of the Kubernetes API names.

export interface ObjectRef {
  readonly plural: string;
  /** Empty for cluster-scoped objects, and where a collection is asked for everywhere. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
  readonly subresource: string;
}

const GROUP_DEPTH = { api: 2, apis: 3 } as const;

/** The same few paths come again and again. */
const known = new Map<string, ObjectRef>();

export function parsePath(path: string): ObjectRef {
  const parsed = known.get(path) ?? parse(path);
  known.set(path, parsed);
  return parsed;
}

function parse(path: string): ObjectRef {
  const segments = path.split("/").slice(1);
  const depth = segments[0] === "api" ? GROUP_DEPTH.api : GROUP_DEPTH.apis;
  const [first = "", second = "", third = "", ...rest] = segments.slice(depth);
  const isNamespaced = first === "namespaces" && third !== "";
  if (!isNamespaced) return { plural: first, namespace: "", name: second, subresource: third };
  const [name = "", subresource = ""] = rest;
  return { plural: third, namespace: second, name, subresource };
}

/** One text per object. */
export function refKey({ plural, namespace, name }: Omit<ObjectRef, "subresource">): string {
  return `${plural}/${namespace}/${name}`;
}
