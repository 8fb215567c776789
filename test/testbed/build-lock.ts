// A lock between processes of one machine: a file that holds the id of its owner.
// It only spares double work. What it guards must stay correct if two owners meet, as after a crash they may.
import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord } from "./json.ts";

const POLL_INTERVAL_MS = 1000;
const REPORT_EVERY_POLLS = 5;

export async function withBuildLock<T>(
  path: string,
  report: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let polls = 0; !(await takeLock(path)); polls += 1) {
    if (polls % REPORT_EVERY_POLLS === 0) {
      report("  waiting for another run that builds the same");
    }
    await pause(POLL_INTERVAL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function takeLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (cause) {
    if (!hasCode(cause, "EEXIST")) {
      throw cause;
    }
  }
  if (!(await isOwnerAlive(path))) {
    await rm(path, { force: true });
  }
  return false;
}

async function isOwnerAlive(path: string): Promise<boolean> {
  try {
    process.kill(Number(await readFile(path, "utf8")), 0);
    return true;
  } catch (cause) {
    // EPERM: somebody else's process, so it lives. ESRCH, ENOENT: it is gone, or its lock is.
    return hasCode(cause, "EPERM");
  }
}

function hasCode(error: unknown, code: string): boolean {
  return isRecord(error) && error["code"] === code;
}
