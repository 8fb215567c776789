// The oracle's own text work: names, base64 and JSON as a Secret holds them, by plain means.

import { isRecord } from "../testbed/json.ts";

export function converted(name: string, isUnicode: boolean): string {
  return name.replaceAll(/[^-._a-zA-Z0-9]/gu, (character) =>
    isUnicode ? `_U${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}_` : "_",
  );
}

export function decodedBytes(bytes: Buffer, strategy: string): Buffer | undefined {
  const text = bytes.toString("latin1").replaceAll(/[\r\n]/g, "");
  const isPadded = text.length % 4 === 0;
  const standard = isPadded && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
  const url = isPadded && /^[A-Za-z0-9_-]*={0,2}$/.test(text) ? Buffer.from(text, "base64url") : undefined;
  if (strategy === "None") return bytes;
  return strategy === "Base64" ? standard : strategy === "Base64URL" ? url : (standard ?? url ?? bytes);
}

export function bytesOf(node: unknown): Buffer {
  return Buffer.from(node === null ? "" : typeof node === "string" ? node : canonical(node));
}

/** Members sorted by the bytes of their names. */
function canonical(node: unknown): string {
  if (Array.isArray(node)) return `[${node.map(canonical).join(",")}]`;
  if (!isRecord(node)) return JSON.stringify(node);
  const sorted = Object.entries(node).sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return `{${sorted.map(([name, child]) => `${JSON.stringify(name)}:${canonical(child)}`).join(",")}}`;
}
