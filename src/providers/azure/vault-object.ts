// What the vault's bundles and list items say about one version of an object, and its public part: a certificate as DER,
// a key as a public JWK.

import { SecretValue } from "../../core/secret-value.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import type { Collection } from "./object-ref.ts";

export interface ObjectFacts {
  /** 32 hexadecimal digits. */
  readonly version: string;
  readonly isEnabled: boolean;
  /** Times: milliseconds since 1970, of whole seconds. */
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly expiresMs: number | undefined;
  readonly notBeforeMs: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
}

type Body = Readonly<Record<string, unknown>>;

const MILLISECONDS = 1000;
/** https://VAULT/COLLECTION/NAME[/VERSION] */
const OBJECT_ID = /^https:\/\/[^/]+\/(?:secrets|keys|certificates)\/([^/]+)(?:\/([^/]+))?$/;
/** RFC 7517 and 7518: what of a key may be seen by all. */
const PUBLIC_MEMBERS = ["kid", "kty", "key_ops", "crv", "n", "e", "x", "y"] as const;

/** Secrets and certificates have `id`, keys `kid`: of the bundle's key, or of the list's item. */
export function idOf(body: Body): { readonly name: string; readonly version: string | undefined } | undefined {
  const id = textOf(recordOf(body["key"])["kid"]) ?? textOf(body["id"]) ?? textOf(body["kid"]);
  const [, name, version] = OBJECT_ID.exec(id ?? "") ?? [];
  return name === undefined ? undefined : { name, version };
}

export function attributesOf(body: Body): Omit<ObjectFacts, "version" | "tags" | "contentType"> | undefined {
  const attributes = recordOf(body["attributes"]);
  const createdMs = timeMs(attributes["created"]);
  const updatedMs = timeMs(attributes["updated"]);
  if (createdMs === undefined || updatedMs === undefined) return undefined;
  const isEnabled = attributes["enabled"] !== false;
  return {
    isEnabled,
    createdMs,
    updatedMs,
    expiresMs: timeMs(attributes["exp"]),
    notBeforeMs: timeMs(attributes["nbf"]),
  };
}

export function tagsOf(body: Body): Readonly<Record<string, string>> {
  const tags = Object.entries(recordOf(body["tags"]));
  return Object.fromEntries(tags.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/** Undefined: the bundle does not hold it. */
export function payloadOf(collection: Collection, body: Body): SecretValue | undefined {
  if (collection === "certificates") {
    const cer = textOf(body["cer"]);
    return cer === undefined ? undefined : SecretValue.ofBytes(Buffer.from(cer, "base64"));
  }
  const key = recordOf(body["key"]);
  if (typeof key["kty"] !== "string") return undefined;
  const members = PUBLIC_MEMBERS.flatMap((name) => (key[name] === undefined ? [] : [[name, key[name]]]));
  return SecretValue.ofUtf8(JSON.stringify(Object.fromEntries(members)));
}

function timeMs(seconds: unknown): number | undefined {
  return typeof seconds === "number" ? seconds * MILLISECONDS : undefined;
}
