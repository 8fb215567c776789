// The child of record-heap.ts: fills the cache of ExternalSecrets from a file of objects, one JSON document a line, and
// tells how much the heap grew by the second half of them. Needs --expose-gc.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createCompactParser } from "../src/core/spec/compact-external-secret.ts";
import { externalSecretIndexes } from "../src/reconcilers/external-secret/triggers.ts";
import { createObjectStore } from "../src/runtime/object-store.ts";

const [path = "", count = "0"] = process.argv.slice(2);
const half = Math.floor(Number(count) / 2);
const parse = createCompactParser();
const store = createObjectStore(externalSecretIndexes);
let halfBytes = 0;
for await (const line of createInterface({ input: createReadStream(path) })) {
  const record = parse(JSON.parse(line));
  if (record.ok) store.set(Object.freeze(record.value));
  if (store.size === half) halfBytes = heapBytes();
}
process.send?.({ bytesPerRecord: (heapBytes() - halfBytes) / (store.size - half), records: store.size });
process.disconnect();

function heapBytes(): number {
  // Several times: what one collection finds to be garbage may have kept other garbage.
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
