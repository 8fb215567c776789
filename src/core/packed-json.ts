// JSON documents of one kind, as short as they can be kept in memory: deflated against a sample of that kind, so that
// only what sets a document apart from the sample costs bytes (RFC 1951; zlib's manual, deflateSetDictionary).

import { deflateRawSync, inflateRawSync } from "node:zlib";

declare const packedJsonBrand: unique symbol;
/** Compressed bytes as characters below 256: V8 keeps such a text in one byte each, beside the record that holds it. */
export type PackedJson<T> = string & { readonly [packedJsonBrand]: T };

export interface JsonPacker<T> {
  /** `document` consists of JSON values; members that are undefined are left out. */
  pack(document: T): PackedJson<T>;
  unpack(packed: PackedJson<T>): T;
}

/** Higher levels are slower and hardly shorter. A window of 8 KiB holds the sample and nearly every document whole. */
const SETTINGS = { level: 3, windowBits: 13, memLevel: 5, chunkSize: 4096 } as const;

/** `sample`: a document with the names and words that most of them have. */
export function createJsonPacker<T>(sample: T): JsonPacker<T> {
  const options = { ...SETTINGS, dictionary: Buffer.from(JSON.stringify(sample)) };
  return {
    pack: (document) => deflateRawSync(JSON.stringify(document), options).toString("latin1") as PackedJson<T>,
    // What was packed as T is unpacked as T: this is the other half of the constructor above.
    unpack: (packed) => JSON.parse(inflateRawSync(Buffer.from(packed, "latin1"), options).toString("utf8")) as T,
  };
}
