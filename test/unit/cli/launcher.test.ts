import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

const launcher = join(import.meta.dirname, "../../../bin/fairlead");
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

interface Given {
  /** Versions that the Nodes on PATH and in tools/node24 claim to have; undefined: there is none. */
  readonly onPath?: string;
  readonly inTools?: string;
  readonly bundle?: boolean;
}

/** A clone whose Nodes only say who they are and what they were given. */
function clone({ onPath, inTools, bundle = true }: Given) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead launcher-"));
  folders.push(folder);
  const place = (path: string, text: string): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  const fakeNode = (name: string, version: string): string => `#!/bin/sh
if [ "$1" = --version ]; then echo v${version}.1.0; exit; fi
echo "${name}"; echo "NODE_OPTIONS=\${NODE_OPTIONS-unset}"; for word in "$@"; do echo "$word"; done
exit 7
`;
  if (onPath !== undefined) place("path/node", fakeNode("node on PATH", onPath));
  if (inTools !== undefined) place("tools/node24/node_modules/node/bin/node", fakeNode("node of tools", inTools));
  if (bundle) place("dist/main.js", "");
  mkdirSync(join(folder, "bin"));
  copyFileSync(launcher, join(folder, "bin/fairlead"));
  return folder;
}

function launched(folder: string, command = join(folder, "bin/fairlead"), ...args: string[]) {
  const env = { PATH: `${join(folder, "path")}:/usr/bin:/bin`, NODE_OPTIONS: "--inspect", NODE_DEBUG: "http" };
  // The machine's own Node must not be found: only tools that the script needs are on this PATH.
  const bare = join(folder, "coreutils");
  mkdirSync(bare, { recursive: true });
  for (const tool of ["dirname", "readlink", "sed"]) {
    const found = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).stdout.trim();
    symlinkSync(found, join(bare, tool));
  }
  const { status, stdout, stderr } = spawnSync("/bin/sh", [command, ...args], {
    encoding: "utf8",
    env: { ...env, PATH: `${join(folder, "path")}:${bare}` },
  });
  return { status, lines: stdout.trimEnd().split("\n"), stderr };
}

describe("bin/fairlead", () => {
  test.each([
    { given: "a new Node on PATH", onPath: "24", inTools: "24", used: "node on PATH" },
    { given: "a newer Node on PATH", onPath: "25", inTools: undefined, used: "node on PATH" },
    { given: "an old Node on PATH", onPath: "20", inTools: "24", used: "node of tools" },
    { given: "no Node on PATH", onPath: undefined, inTools: "24", used: "node of tools" },
    { given: "a broken Node on PATH", onPath: "x", inTools: "24", used: "node of tools" },
  ])("with $given runs $used", ({ onPath, inTools, used }) => {
    const folder = clone({ ...(onPath && { onPath }), ...(inTools && { inTools }) });
    expect(launched(folder)).toMatchObject({ status: 7, lines: expect.arrayContaining([used]) as unknown, stderr: "" });
  });

  test("passes the arguments on as they are, after the bundle of its own clone", () => {
    const folder = clone({ onPath: "24" });
    const { lines } = launched(folder, undefined, "run", "a b", "", "--help", "$HOME *");
    expect(lines.slice(lines.indexOf(join(folder, "dist/main.js")))).toEqual([
      join(folder, "dist/main.js"),
      ...["run", "a b", "", "--help", "$HOME *"],
    ]);
  });

  test("finds its clone when called through links", () => {
    const folder = clone({ onPath: "24" });
    symlinkSync("../bin/fairlead", join(folder, "path/relative"));
    symlinkSync(join(folder, "path/relative"), join(folder, "path/absolute"));
    expect(launched(folder, join(folder, "path/absolute")).lines).toContain(join(folder, "dist/main.js"));
  });

  test("drops NODE_OPTIONS", () => {
    expect(launched(clone({ onPath: "24" })).lines).toContain("NODE_OPTIONS=unset");
  });

  test.each([
    {
      given: { onPath: "20" },
      sentence: "fairlead: Node 24 or later is needed: put it on PATH, or run 'make install'\n",
    },
    { given: {}, sentence: "fairlead: Node 24 or later is needed: put it on PATH, or run 'make install'\n" },
  ])("says what is missing with $given", ({ given, sentence }) => {
    expect(launched(clone(given))).toMatchObject({ status: 1, stderr: sentence });
  });

  test("says that the bundle is missing", () => {
    const folder = clone({ onPath: "24", bundle: false });
    expect(launched(folder)).toMatchObject({
      status: 1,
      stderr: `fairlead: ${folder}/dist/main.js is missing: run 'make build'\n`,
    });
  });
});
