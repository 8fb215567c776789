// Proves that nothing outlives the process that started it, however that process ended.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { listAt, parseJson, textAt } from "./json.ts";
import { rigForSuite } from "./rig-for-suite.ts";
import { waitUntil } from "./wait-until.ts";

function spawnFixture(name: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [join(import.meta.dirname, "fixtures", name), ...args]);
}

function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  const errors: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => reject(new Error(`The fixture ended early: ${errors.join("")}`)));
  });
}

/** Signal 0 asks the kernel whether the process exists, and does nothing to it. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

test("a rig whose starter is killed with SIGKILL leaves no process and no directory", async () => {
  const child = spawnFixture("start-rig.ts");
  const started = parseJson(await firstLine(child));
  const pids = listAt(started, "pids").map(Number);
  const directory = textAt(started, "handle", "directory");
  expect(pids).toHaveLength(4);
  expect(pids.every(isAlive)).toBe(true);

  child.kill("SIGKILL");

  const probe = async (): Promise<true | undefined> =>
    pids.some(isAlive) || (await fileExists(directory)) ? undefined : true;
  await waitUntil("all servers and the directory are gone", probe, { timeoutMs: 10_000 });
});

test("a leased process ends when the process that leased it is killed, and the rig stays", async () => {
  const rig = rigForSuite();
  const child = spawnFixture("lease-process.ts", rig.handle.guardianSocketPath);
  const pid = Number(await firstLine(child));
  expect(isAlive(pid)).toBe(true);

  child.kill("SIGKILL");

  expect(await rig.guardian.waitExit("leased")).toEqual({ code: undefined, signal: "SIGKILL" });
  expect((await rig.api.get("/readyz")).status).toBe(200);
});
