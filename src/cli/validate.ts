// `fairlead validate`: reads files, prints what check-manifest.ts finds, counts. Objects of other groups are skipped.

import { readFile } from "node:fs/promises";
import type { ProcessIo } from "../config/process-io.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { type Command, exitCode, usageError } from "./command.ts";

const HELP = "fairlead validate --help";

export const validateCommand: Command = {
  name: "validate",
  usage: "FILE…",
  summary: "Check manifests without a cluster",
  details: `Reads YAML or JSON files, '-' is standard input; several documents and kind List are fine. Prints one line
per problem, FILE:LINE KIND NAMESPACE/NAME: FIELD: MESSAGE, and counts what it checked and skipped.

Exit codes: 0 no problem; 1 problems; 2 a file cannot be read, or the command line is wrong.
`,
  run: async (files, io) => {
    const flag = files.find((file) => file.startsWith("-") && file !== "-");
    if (flag !== undefined) return usageError(io, `unknown flag ${flag}`, HELP);
    if (files.length === 0) return usageError(io, "no file is given", HELP);
    const { checkManifest } = await import("./check-manifest.ts");
    const tally = { checked: 0, skipped: 0, problems: 0 };
    for (const file of files) {
      const text = await readText(file, io);
      if (!text.ok) return usageError(io, text.error, HELP);
      const verdict = checkManifest(text.value, file);
      for (const line of verdict.problems) io.out(`${line}\n`);
      tally.checked += verdict.checked;
      tally.skipped += verdict.skipped;
      tally.problems += verdict.problems.length;
    }
    io.err(`checked: ${tally.checked}, skipped: ${tally.skipped}, problems: ${tally.problems}\n`);
    return tally.problems === 0 ? exitCode.ok : exitCode.failed;
  },
};

async function readText(file: string, io: ProcessIo): Promise<Result<string, string>> {
  if (file === "-") return ok(await io.readInput());
  try {
    return ok(await readFile(file, "utf8"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "error";
    return failed(`cannot read ${file} (${code})`);
  }
}
