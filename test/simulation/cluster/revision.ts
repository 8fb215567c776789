// One revision of an object, with the texts in which the API server sends it; each is made once, however many ask.

export type Json = Readonly<Record<string, unknown>>;

export interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly Json[];
  readonly managedFields: readonly Json[];
}

/** `meta` holds the whole metadata; `value` everything else. Neither is ever changed. */
export class Revision {
  readonly apiVersion: string;
  readonly kind: string;
  readonly meta: Meta;
  readonly value: Json;
  #text: string | undefined;
  #metadataText: string | undefined;

  constructor(type: { readonly apiVersion: string; readonly kind: string }, meta: Meta, value: Json) {
    this.apiVersion = type.apiVersion;
    this.kind = type.kind;
    this.meta = meta;
    this.value = value;
  }

  get text(): string {
    const { apiVersion, kind } = this;
    return (this.#text ??= JSON.stringify({ apiVersion, kind, metadata: wireMeta(this.meta), ...this.value }));
  }

  /** As PartialObjectMetadata. */
  get metadataText(): string {
    const type = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };
    return (this.#metadataText ??= JSON.stringify({ ...type, metadata: wireMeta(this.meta) }));
  }

  /** The same content under a new version. */
  at(resourceVersion: string): Revision {
    return new Revision(this, { ...this.meta, resourceVersion }, this.value);
  }
}

/** Empty fields are left out, as the API server does. */
function wireMeta(meta: Meta): Json {
  const { namespace, generation, labels, annotations, ownerReferences, managedFields, ...always } = meta;
  return {
    ...always,
    ...(namespace === "" ? {} : { namespace }),
    ...(generation === 0 ? {} : { generation }),
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(annotations) ? {} : { annotations }),
    ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    ...(managedFields.length === 0 ? {} : { managedFields }),
  };
}

function isEmpty(map: Json): boolean {
  for (const _ in map) return false;
  return true;
}
