// One text for one content: compact, members sorted by the UTF-8 bytes of their names at every level (the order of Go's
// json.Marshal), strings escaped no more than needed, numbers as written. So the order in which a store happens to
// answer never changes a Secret.

import { ByteWriter } from "./byte-writer.ts";
import type { JsonArray, JsonNode, JsonObject } from "./json-document.ts";
import { BACKSLASH, jsonStringBytes, writeJsonString } from "./json-string.ts";

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** `bytes` are those that `node` was parsed from. */
export function canonicalJson(bytes: Uint8Array, node: JsonNode): Uint8Array {
  // No step makes a text longer: whitespace, duplicate names and needless escapes only go.
  const output = new ByteWriter(node.end - node.start);
  writeNode(bytes, node, output);
  return output.take();
}

function writeNode(bytes: Uint8Array, node: JsonNode, output: ByteWriter): void {
  if (node.kind === "object") writeObject(bytes, node, output);
  else if (node.kind === "array") writeArray(bytes, node, output);
  else writeScalar(bytes.subarray(node.start, node.end), output);
}

/** Only a string can hold a backslash, and without one it is as short as can be. */
function writeScalar(text: Uint8Array, output: ByteWriter): void {
  if (!text.includes(BACKSLASH)) {
    output.bytes(text);
    return;
  }
  const decoded = jsonStringBytes(text, { start: 0, end: text.length });
  writeJsonString(decoded, output);
  decoded.fill(0);
}

function writeArray(bytes: Uint8Array, node: JsonArray, output: ByteWriter): void {
  output.byte(OPEN_BRACKET);
  for (const [index, item] of node.items.entries()) {
    if (index > 0) output.byte(COMMA);
    writeNode(bytes, item, output);
  }
  output.byte(CLOSE_BRACKET);
}

function writeObject(bytes: Uint8Array, node: JsonObject, output: ByteWriter): void {
  const members = Array.from(node.members, ([name, value]) => ({ name: Buffer.from(name), value }));
  members.sort((left, right) => Buffer.compare(left.name, right.name));
  output.byte(OPEN_BRACE);
  for (const [index, { name, value }] of members.entries()) {
    if (index > 0) output.byte(COMMA);
    writeJsonString(name, output);
    output.byte(COLON);
    writeNode(bytes, value, output);
  }
  output.byte(CLOSE_BRACE);
}
