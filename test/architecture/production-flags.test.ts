import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./source-file.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Arguments of Node before the script, as bin/fairlead passes them. */
function launcherFlags(script: string): string[] {
  const [, command = ""] = /^exec "\$node" ([\s\S]*)"\$root\/dist\/main\.js" "\$@"$/m.exec(script) ?? [];
  return command.split(/[\s\\]+/).filter((word) => word !== "");
}

/** The same of the image: the last ENTRYPOINT without program and script. */
function imageFlags(dockerfile: string): string[] {
  const [, list = "[]"] = [...dockerfile.matchAll(/^ENTRYPOINT (\[[\s\S]*?\])$/gm)].at(-1) ?? [];
  const words: unknown = JSON.parse(list.replaceAll("\\\n", ""));
  return Array.isArray(words) ? words.slice(1, -1).map(String) : [];
}

const flags = launcherFlags(read("bin/fairlead"));

describe("the flags of Node in production", () => {
  test("are the same in bin/fairlead and in the image", () => {
    expect(flags.length).toBeGreaterThan(0);
    expect(imageFlags(read("Dockerfile"))).toEqual(flags);
  });

  test("come with the same settings of malloc in both", () => {
    const settings = (file: string, pattern: RegExp): string | undefined => pattern.exec(read(file))?.[1];
    const launcher = settings("bin/fairlead", /^export (MALLOC_.*)$/m);
    expect(launcher).toBeDefined();
    expect(settings("Dockerfile", /^ENV (MALLOC_.*)$/m)).toBe(launcher);
  });

  test("are known to this Node, none of them with a warning", () => {
    const { status, stderr } = spawnSync(process.execPath, [...flags, "--eval", "0"], { encoding: "utf8", env: {} });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test.each([
    { closes: "code from text", program: 'new Function("return 1")()', error: "EvalError" },
    { closes: "prototypes by __proto__", program: "({}).__proto__.a.b", error: "TypeError" },
    { closes: "native add-ons", program: 'process.dlopen({}, "x")', error: "ERR_DLOPEN_DISABLED" },
  ])("close the door to $closes", ({ program, error }) => {
    const open = spawnSync(process.execPath, ["--eval", `${program.replace(".a.b", "")};`], {
      encoding: "utf8",
      env: {},
    });
    expect(open.stderr).not.toContain(error);
    const closed = spawnSync(process.execPath, [...flags, "--eval", program], { encoding: "utf8", env: {} });
    expect([closed.status, closed.stderr]).toEqual([1, expect.stringContaining(error)]);
  });

  test("leave the environment out of diagnostic reports", () => {
    const program = "console.log(typeof process.report.getReport().environmentVariables)";
    const reported = (given: readonly string[]): string =>
      spawnSync(process.execPath, [...given, "--eval", program], { encoding: "utf8", env: {} }).stdout;
    expect([reported([]), reported(flags)]).toEqual(["object\n", "undefined\n"]);
  });
});

describe("the image", () => {
  const lastStage =
    read("Dockerfile")
      .split(/^FROM /m)
      .at(-1) ?? "";

  test("runs as non-root on distroless Node 24, with nothing but the bundle", () => {
    expect(lastStage).toMatch(/^gcr\.io\/distroless\/nodejs24-debian12:nonroot\n/);
    expect(lastStage).toContain("\nUSER 65532:65532\n");
    expect(lastStage.match(/^(COPY|ADD|RUN) .*$/gm)).toEqual(["COPY --from=build /src/dist /app"]);
    expect(lastStage).toContain('"/app/main.js"]\nCMD ["run"]\n');
  });

  test("is built from what .dockerignore lets through", () => {
    const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, paths = ""]) =>
      paths.split(" "),
    );
    const allowed = [...read(".dockerignore").matchAll(/^!(.*)$/gm)].map(([, path]) => path);
    expect(copied.sort()).toEqual(allowed.sort());
    expect(read(".dockerignore")).toMatch(/^\*$/m);
  });
});

test.each([
  { text: 'exec "$node" \\\n  --a \\\n  --b=1 \\\n  "$root/dist/main.js" "$@"\n', found: ["--a", "--b=1"] },
  { text: "exec node main.js\n", found: [] },
])("launcherFlags finds $found", ({ text, found }) => {
  expect(launcherFlags(text)).toEqual(found);
});
