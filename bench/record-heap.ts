// Heap that the cache takes per ExternalSecret, indexes included: all that are in the cluster, as the API server gives
// them, in a process that does nothing else. The difference between half of them and all leaves out what does not grow.

import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listAt, optionalTextAt, valueAt } from "../test/testbed/json.ts";
import { ok } from "../test/testbed/kubernetes-api.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { messageOf, startProductionNode } from "./production-node.ts";

export interface RecordHeap {
  readonly records: number;
  readonly heapMbPerThousand: number;
  /** Of an object as the API server sends it. */
  readonly wireBytes: number;
}

const PAGE = 500;

export async function measureRecordHeap(rig: Rig): Promise<RecordHeap> {
  const lines = (await listAll(rig)).map((object) => JSON.stringify(object));
  const path = join(await mkdtemp(join(rig.handle.directory, "records-")), "records.jsonl");
  await writeFile(path, lines.join("\n"));
  const child = await startProductionNode({
    script: "record-heap-child",
    args: [path, String(lines.length)],
    flags: ["--expose-gc"],
    directory: rig.handle.directory,
  });
  const message = await messageOf(child);
  const records = Number(valueAt(message, "records"));
  if (records !== lines.length) throw new Error(`${records} of ${lines.length} ExternalSecrets were kept`);
  const heapMbPerThousand = (Number(valueAt(message, "bytesPerRecord")) * 1000) / 1e6;
  return { records, heapMbPerThousand, wireBytes: lines.reduce((sum, line) => sum + line.length, 0) / records };
}

async function listAll(rig: Rig): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  let token: string | undefined = "";
  while (token !== undefined) {
    const query = `limit=${PAGE}&continue=${encodeURIComponent(token)}`;
    const page: unknown = await ok(rig.api.get(`/apis/fairlead.dev/v1/externalsecrets?${query}`));
    items.push(...listAt(page, "items"));
    const next = optionalTextAt(page, "metadata", "continue");
    token = next === "" ? undefined : next;
  }
  return items;
}
