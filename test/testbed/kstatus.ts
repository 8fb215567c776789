// Asks the real kstatus code (cli-utils, what Flux and others judge by) about objects.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { optionalTextAt, parseJson, textAt } from "./json.ts";
import type { ServerBinaries } from "./servers.ts";

export interface KstatusVerdict {
  /** Current, InProgress, Failed, Terminating, NotFound, Unknown */
  readonly status: string;
  readonly message: string;
}

/** One verdict per object, in their order. Throws where an object is no object to kstatus. */
export async function computeKstatus(
  binaries: Pick<ServerBinaries, "kstatus">,
  objects: readonly unknown[],
): Promise<readonly KstatusVerdict[]> {
  const child = spawn(binaries.kstatus, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  child.stdin.end(objects.map((object) => `${JSON.stringify(object)}\n`).join(""));
  const output = await text(child.stdout);
  await closed;
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map(parseVerdict);
}

function parseVerdict(line: string): KstatusVerdict {
  const parsed = parseJson(line);
  const error = optionalTextAt(parsed, "error");
  if (error !== undefined) {
    throw new Error(`kstatus could not judge an object: ${error}`);
  }
  return { status: textAt(parsed, "status"), message: optionalTextAt(parsed, "message") ?? "" };
}
