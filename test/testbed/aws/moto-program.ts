// moto, the stand-in for AWS: a Python environment of its own with the packages of requirements.txt, made once for a
// machine and kept in the cache under a hash of that file and the version of Python.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { withBuildLock } from "../build-lock.ts";
import { cacheRoot } from "../server-modules.ts";
import type { Report } from "../servers.ts";

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** The Python that has moto; `-m moto.server` runs it. */
export async function ensureMoto(report: Report): Promise<string> {
  const folder = await motoFolder();
  const python = join(folder, "environment/bin/python");
  if (await exists(python)) return python;
  await mkdir(folder, { recursive: true });
  await withBuildLock(join(folder, ".lock"), report, async () => {
    if (!(await exists(python))) await install(folder, report);
  });
  return python;
}

async function motoFolder(): Promise<string> {
  const hash = createHash("sha256")
    .update(await pythonVersion())
    .update(await readFile(REQUIREMENTS));
  return join(cacheRoot(), "servers", `moto-${hash.digest("hex").slice(0, 16)}`);
}

async function pythonVersion(): Promise<string> {
  try {
    return (await run("python3", ["-VV"])).stdout;
  } catch (cause) {
    throw new Error("The stand-in for AWS needs Python: install python3 with venv and put it on PATH", { cause });
  }
}

/** Appears by rename, whole or not at all: `python` finds its packages from where it stands. */
async function install(folder: string, report: Report): Promise<void> {
  report("Installing moto, the stand-in for AWS: a minute, once");
  const scratch = await mkdtemp(join(folder, ".build-"));
  try {
    const environment = join(scratch, "environment");
    await run("python3", ["-m", "venv", environment], { timeout: INSTALL_TIMEOUT_MS });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS];
    await run(join(environment, "bin/python"), pip, { timeout: INSTALL_TIMEOUT_MS });
    await rename(environment, join(folder, "environment"));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false, // Absent, or not ours to run: either way it is installed.
  );
}
