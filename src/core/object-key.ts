// Names of Kubernetes objects. A key is `namespace/name`, or `/name` for cluster-scoped objects: neither part can
// hold a slash, so keys are unambiguous.

declare const objectKeyBrand: unique symbol;
export type ObjectKey = string & { readonly [objectKeyBrand]: "ObjectKey" };

export interface ObjectName {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export function objectKey(object: ObjectName): ObjectKey {
  return `${object.namespace}/${object.name}` as ObjectKey;
}

export function objectName(key: ObjectKey): ObjectName {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A key that went through a queue as text. */
export function parseObjectKey(text: string): ObjectKey {
  const { namespace, name } = objectName(text as ObjectKey);
  return objectKey({ namespace, name });
}
