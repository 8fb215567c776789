// What a stand-in vault holds: secrets, keys and certificates with their versions, and what was deleted but not purged.

import { randomBytes } from "node:crypto";

export type ObjectKind = "secrets" | "keys" | "certificates";

/** https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-secret/get-secret#secretattributes ; seconds since 1970. */
export interface Attributes {
  readonly enabled: boolean;
  readonly created: number;
  readonly updated: number;
  readonly nbf?: number;
  readonly exp?: number;
}

export interface ObjectVersion {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** What the bundle carries beside id, attributes and tags: `value`, `key` or `cer`. */
  readonly content: Readonly<Record<string, unknown>>;
  readonly contentType: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly attributes: Attributes;
}

export type Changes = Partial<Pick<ObjectVersion, "contentType" | "tags">> &
  Partial<Omit<Attributes, "created" | "updated">>;

export interface StoredObject {
  /** As it was written first; names are found in any case. */
  readonly name: string;
  /** Oldest first: the last one is current, enabled or not. */
  versions: ObjectVersion[];
}

export class VaultObjects {
  readonly #kept = new Map<string, StoredObject>();
  readonly #deleted = new Map<string, StoredObject>();
  readonly #nowMs: () => number;
  /** Of the n-th version of an object; tests that count versions may set it. */
  versionId: (n: number) => string = () => randomBytes(16).toString("hex");

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Makes a new current version; its id is the answer. */
  put(kind: ObjectKind, name: string, content: ObjectVersion["content"], changes: Changes = {}): string {
    const { contentType, tags, ...attributes } = changes;
    const now = this.#nowSeconds();
    const stamped = { enabled: true, created: now, updated: now, ...attributes };
    const object = this.#kept.get(keyOf(kind, name)) ?? { name, versions: [] };
    const id = this.versionId(object.versions.length + 1);
    object.versions.push({ id, content, contentType, tags, attributes: stamped });
    this.#kept.set(keyOf(kind, name), object);
    return id;
  }

  /** Changes attributes or tags of the current version, in place: its id stays. */
  update(kind: ObjectKind, name: string, changes: Changes): void {
    const object = this.find(kind, name);
    const current = object?.versions.pop();
    if (object === undefined || current === undefined) throw new Error(`${kind}/${name} is not there`);
    const { contentType = current.contentType, tags = current.tags, ...attributes } = changes;
    const stamped = { ...current.attributes, updated: this.#nowSeconds(), ...attributes };
    object.versions.push({ ...current, contentType, tags, attributes: stamped });
  }

  softDelete(kind: ObjectKind, name: string): void {
    const object = this.find(kind, name);
    if (object === undefined) throw new Error(`${kind}/${name} is not there`);
    this.#kept.delete(keyOf(kind, name));
    this.#deleted.set(keyOf(kind, name), object);
  }

  recover(kind: ObjectKind, name: string): void {
    const object = this.findDeleted(kind, name);
    if (object === undefined) throw new Error(`${kind}/${name} is not deleted`);
    this.#deleted.delete(keyOf(kind, name));
    this.#kept.set(keyOf(kind, name), object);
  }

  purge(kind: ObjectKind, name: string): void {
    this.#deleted.delete(keyOf(kind, name));
  }

  find(kind: ObjectKind, name: string): StoredObject | undefined {
    return this.#kept.get(keyOf(kind, name));
  }

  findDeleted(kind: ObjectKind, name: string): StoredObject | undefined {
    return this.#deleted.get(keyOf(kind, name));
  }

  all(kind: ObjectKind): readonly StoredObject[] {
    return [...this.#kept].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object);
  }

  #nowSeconds(): number {
    return Math.floor(this.#nowMs() / 1000);
  }
}

/** https://learn.microsoft.com/en-us/azure/key-vault/general/about-keys-secrets-certificates : names know no case. */
function keyOf(kind: ObjectKind, name: string): string {
  return `${kind}/${name.toLowerCase()}`;
}
