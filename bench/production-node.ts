// Runs a script of the bench as the operator is run: bundled by the same rules, under the same flags of Node, with a
// clean environment, in a process of its own whose CPU nobody else uses.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "../tools/build.ts";
import { cleanEnvironment } from "../test/testbed/rig-site.ts";

const root = join(import.meta.dirname, "..");

/** Flags of Node, as bin/fairlead passes them. */
export async function productionFlags(): Promise<readonly string[]> {
  const launcher = await readFile(join(root, "bin/fairlead"), "utf8");
  return [...launcher.matchAll(/^ {2}(--\S+) \\$/gm)].map(([, flag = ""]) => flag);
}

export interface ProductionScript {
  /** In this folder. */
  readonly script: string;
  readonly args: readonly string[];
  /** Scratch space; the bundle is written there. */
  readonly directory: string;
}

/** The child can send messages, and what it prints is printed. */
export async function startProductionNode({ script, args, directory }: ProductionScript): Promise<ChildProcess> {
  const outdir = join(directory, "bench");
  const { outputFiles } = await build({
    ...bundleOptions,
    entryPoints: { [script]: join(import.meta.dirname, `${script}.ts`) },
    outdir,
    splitting: true,
  });
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await writeFile(join(outdir, "package.json"), '{ "type": "module" }\n');
  return spawn(process.execPath, [...(await productionFlags()), join(outdir, `${script}.js`), ...args], {
    env: cleanEnvironment(directory),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}
