// Node as it runs in production: the flags and variables of bin/fairlead, the memory of the pod in config/, the rules by
// which the operator is bundled, an environment that is clean otherwise.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { cleanEnvironment } from "../test/testbed/rig-site.ts";
import { bundleOptions } from "../tools/build.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");

/**
 * Flags of Node as bin/fairlead passes them. There the heap's limit is a share of the machine's or the container's
 * memory; here it is that share of what config/ grants, so that the figures do not depend on the machine's memory.
 */
export async function productionFlags(): Promise<readonly string[]> {
  const [launcher, deployment] = await Promise.all([read("bin/fairlead"), read("config/manager/deployment.yaml")]);
  const flags = [...launcher.matchAll(/^ {2}(--\S+) \\$/gm)].map(([, flag = ""]) => flag);
  const grantedMb = Number(/limits: \{ memory: (\d+)Mi \}/.exec(deployment)?.[1]);
  return flags.map((flag) => {
    const percentage = Number(/^--max-old-space-size-percentage=(\d+)$/.exec(flag)?.[1]);
    return Number.isNaN(percentage) ? flag : `--max-old-space-size=${Math.floor((grantedMb * percentage) / 100)}`;
  });
}

/** Variables that bin/fairlead sets, as `NAME=value`. */
async function productionVariables(): Promise<readonly string[]> {
  const exported = [...(await read("bin/fairlead")).matchAll(/^export (.*)$/gm)];
  return exported.flatMap(([, assignments = ""]) => assignments.split(" "));
}

/** Program and first arguments of the operator, for OperatorOptions. */
export async function productionOperator(): Promise<readonly [string, ...string[]]> {
  const node = [process.execPath, ...(await productionFlags()), join(root, "dist/main.js"), "run"];
  return ["/usr/bin/env", ...(await productionVariables()), ...node];
}

export interface ProductionScript {
  /** In this folder, without `.ts`. */
  readonly script: string;
  readonly args: readonly string[];
  /** Further flags of Node. */
  readonly flags?: readonly string[];
  /** Scratch space; the bundle is written there. */
  readonly directory: string;
}

/** A process of its own, whose CPU and heap nobody else uses. It can send messages; what it prints is printed. */
export async function startProductionNode(options: ProductionScript): Promise<ChildProcess> {
  const outdir = join(options.directory, "bench");
  const { outputFiles } = await build({
    ...bundleOptions,
    entryPoints: { [options.script]: join(import.meta.dirname, `${options.script}.ts`) },
    outdir,
    splitting: true,
  });
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await writeFile(join(outdir, "package.json"), '{ "type": "module" }\n');
  const flags = [...(await productionFlags()), ...(options.flags ?? [])];
  const node = [process.execPath, ...flags, join(outdir, `${options.script}.js`), ...options.args];
  return spawn("/usr/bin/env", [...(await productionVariables()), ...node], {
    env: cleanEnvironment(options.directory),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** The child's next message. Throws where it ends without one. */
export function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the process ended with ${code ?? "a signal"}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}
