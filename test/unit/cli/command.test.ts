import { expect, test } from "vitest";
import { type Command, runCommand } from "../../../src/cli/command.ts";
import { versionCommand } from "../../../src/cli/version.ts";
import { recordedIo } from "./process-io.ts";

const echo: Command = {
  name: "echo",
  usage: "WORD…",
  summary: "Print words",
  details: "Nothing more to say.\n",
  run: (args, io) => {
    io.out(args.join(" "));
    return 7;
  },
};

async function ran(...args: string[]) {
  const io = recordedIo();
  return { code: await runCommand([echo, versionCommand], args, io), ...io.printed };
}

test("runs the named command with the arguments after the name, and returns its exit code", async () => {
  expect(await ran("echo", "a", "--b")).toEqual({ code: 7, out: "a --b", err: "" });
});

test.each([["--help"], ["-h"], ["help"]])("%s lists the commands and the exit codes", async (flag) => {
  const { code, out, err } = await ran(flag);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/echo WORD… +Print words\n/);
  expect(out).toContain("Exit codes: 0 ");
});

test.each([["--help"], ["-h"]])("echo %s explains the command instead of running it", async (flag) => {
  expect(await ran("echo", "a", flag)).toEqual({
    code: 0,
    out: "Usage: fairlead echo WORD…\n\nPrint words.\n\nNothing more to say.\n",
    err: "",
  });
});

test.each([
  { args: [], problem: "a command is missing" },
  { args: ["ehco"], problem: 'unknown command "ehco"' },
  { args: ["--workers=1"], problem: 'unknown command "--workers=1"' },
  { args: ["__proto__"], problem: 'unknown command "__proto__"' },
])("says of $args: $problem", async ({ args, problem }) => {
  expect(await ran(...args)).toEqual({ code: 2, out: "", err: `fairlead: ${problem}\nSee 'fairlead --help'.\n` });
});

test.each([["version"], ["--version"]])("%s prints the version, which from sources is none", async (name) => {
  expect(await ran(name)).toEqual({ code: 0, out: "fairlead development\n", err: "" });
});

test("version takes no arguments", async () => {
  expect(await ran("version", "x")).toMatchObject({ code: 2, out: "" });
});
