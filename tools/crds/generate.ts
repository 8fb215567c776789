// `node tools/crds/generate.ts` writes the generated files; with `--check` it changes nothing and exits 1 where a
// committed file is not what the schemas make.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { outputs } from "./outputs.ts";

const root = join(import.meta.dirname, "../..");

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Number of the first line that differs, from 1. */
function firstDifference(committed: string, made: string): number {
  const lines = committed.split("\n");
  const index = made.split("\n").findIndex((line, at) => line !== lines[at]);
  return (index === -1 ? made.split("\n").length : index) + 1;
}

const stale = [...(await outputs(root))].filter(([path, made]) => read(join(root, path)) !== made);
if (process.argv.includes("--check")) {
  for (const [path, made] of stale) {
    const line = firstDifference(read(join(root, path)) ?? "", made);
    console.error(`${path}:${line} differs from its schema: run \`make crds\` and commit the result`);
  }
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, made] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), made);
    console.log(`wrote ${path}`);
  }
}
