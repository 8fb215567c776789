import { expect, test } from "vitest";
import { runCommand } from "../../../src/cli/command.ts";
import { runCommandOf } from "../../../src/cli/run.ts";
import type { Config } from "../../../src/config/config.ts";
import { type Setting, settings } from "../../../src/config/settings.ts";
import { recordedIo } from "./process-io.ts";

async function ran(args: readonly string[], env: Readonly<Record<string, string>> = { KUBECONFIG: "/k" }) {
  const started: Config[] = [];
  const command = runCommandOf((config) => {
    started.push(config);
    return Promise.resolve(5);
  });
  const io = recordedIo({ env });
  const code = await runCommand([command], ["run", ...args], io);
  return { code, started, ...io.printed };
}

test("starts the operator with the configuration and returns its exit code", async () => {
  const { code, started } = await ran(["--workers=3"]);
  expect(code).toBe(5);
  expect(started).toMatchObject([{ workers: 3, cluster: { path: "/k" } }]);
});

test("starts nothing when flags are wrong: each problem is a sentence, and the exit code 2", async () => {
  const { code, started, out, err } = await ran(["--workers=0", "--nope"]);
  expect([code, started, out]).toEqual([2, [], ""]);
  expect(err).toBe(
    `fairlead: unknown flag --nope
fairlead: --workers must be a whole number from 1 to 256, not "0"
See 'fairlead run --help'.
`,
  );
});

test("starts nothing where there is no cluster", async () => {
  expect(await ran([], {})).toMatchObject({
    code: 2,
    started: [],
    err: expect.stringContaining("no cluster") as unknown,
  });
});

test.each(Object.values<Setting<unknown>>(settings))(
  "--help lists $flag with variable, range and default",
  async (setting) => {
    const { code, out } = await ran(["--help"]);
    expect(code).toBe(0);
    const [, paragraph = ""] = out.split(`  --${setting.flag} `);
    const entry = paragraph.split("\n\n", 1)[0];
    expect(entry).toContain(`(${setting.env})`);
    expect(entry).toContain(`Must be ${setting.kind.expected}.`);
    expect(entry?.includes("Default: ")).toBe(setting.fallback !== undefined);
  },
);

test("--help prints durations with their unit", async () => {
  expect((await ran(["--help"])).out).toContain("from 100ms to 5m, such as 500ms, 10s or 1m30s. Default: 10s.");
});
