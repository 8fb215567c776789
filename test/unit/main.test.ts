import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "../../src/main.ts");
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

/** For machines that do other work meanwhile: one start takes 0.2 s on a quiet one. */
const STARTS_MS = 30_000;

/** Starts the program under a module that is loaded first, if one is given. */
function started(
  args: readonly string[],
  { env = {}, first }: { readonly env?: object; readonly first?: string } = {},
) {
  const preload = first === undefined ? [] : ["--import", `data:text/javascript,${encodeURIComponent(first)}`];
  const child = spawn(process.execPath, [...preload, main, ...args], { env: { KUBECONFIG: "/k", ...env } });
  children.push(child);
  const ended = once(child, "close") as Promise<[code: number | null, signal: string | null]>;
  return { child, ended };
}

async function ran(args: readonly string[], given: Parameters<typeof started>[1] & { readonly input?: string } = {}) {
  const { child, ended } = started(args, given);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.end(given.input ?? "");
  const [[code], [out, err]] = await Promise.all([ended, output]);
  return { code, out, err };
}

/** Puts an operator in the place of app.ts. */
const operatorOf = (body: string): string => `
  import { registerHooks } from "node:module";
  const url = "data:text/javascript," + encodeURIComponent(${JSON.stringify(`export async function runOperator(config, io) { ${body} }`)});
  registerHooks({ resolve: (name, context, next) => name === "./app.ts" ? { url, shortCircuit: true } : next(name, context) });`;

describe("the program", { timeout: STARTS_MS }, () => {
  test("prints what a command prints and exits with its code", async () => {
    expect(await ran(["version"])).toEqual({ code: 0, out: "fairlead development\n", err: "" });
    expect(await ran(["nope"])).toMatchObject({ code: 2, out: "" });
  });

  test("gives standard input to the command", async () => {
    const verdict = await ran(["validate", "-"], { input: "apiVersion: fairlead.dev/v2\n" });
    expect(verdict).toMatchObject({ code: 1, out: "-:1 object: apiVersion: must be fairlead.dev/v1\n" });
  });

  test("keeps the exit code when nobody reads its output", async () => {
    const { child, ended } = started(["validate", "-"]);
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.end("kind: List\nitems: [{ apiVersion: fairlead.dev/v2 }, { apiVersion: fairlead.dev/v3 }]\n");
    expect(await ended).toEqual([1, null]);
  });

  test("exits although the operator left something open", async () => {
    const first = operatorOf("setInterval(() => {}, 1000); return 3;");
    expect(await ran(["run"], { first })).toMatchObject({ code: 3 });
  });

  test.each(["Promise.reject(error)", "queueMicrotask(() => { throw error; })"])(
    "logs %s by class and frames, without its message, and exits 1",
    async (surprise) => {
      const first = operatorOf(
        `const error = new TypeError("can" + "ary"); ${surprise}; return new Promise(() => setInterval(() => {}, 1000));`,
      );
      const { code, out, err } = await ran(["run"], { first });
      expect(code).toBe(1);
      expect(JSON.parse(err)).toMatchObject({ level: "error", errorClass: "TypeError" });
      expect(out + err).not.toContain("canary");
    },
  );
});

describe("a rejected promise that nobody handles", { timeout: STARTS_MS }, () => {
  const scopes = pathToFileURL(join(import.meta.dirname, "../../src/runtime/reconcile-scope.ts")).href;
  /** Runs `act` as a reconcile of the key "team/db", whose scope takes rejections if `isKnown`. */
  const operator = (isKnown: boolean, act: string): string =>
    operatorOf(`
      const { createReconcileScopes } = await import(${JSON.stringify(scopes)});
      const scopes = createReconcileScopes();
      const rejected = (error) => { io.out("rejected " + error.constructor.name); return ${isKnown}; };
      io.answerRejections((error) => scopes.current()?.rejected(error) ?? false);
      const reconcile = async () => { await 1; ${act} };
      await scopes.run({ facts: { key: "team/db" }, rejected }, reconcile);
      await new Promise((end) => setTimeout(end, 100));
      return 5;`);
  const surprise = `throw new TypeError("can" + "ary");`;

  test.each([
    { where: "beside its reconcile", act: `void (async () => { ${surprise} })();` },
    { where: "after an await", act: `void (async () => { await new Promise(setImmediate); ${surprise} })();` },
    { where: "in a timer", act: `setTimeout(async () => { ${surprise} }, 1);` },
  ])("$where is left to its reconcile, and the process goes on", async ({ act }) => {
    const ended = await ran(["run"], { first: operator(true, act) });
    expect(ended).toEqual({ code: 5, out: "rejected TypeError", err: "" });
  });

  test("ends the process if its reconcile knows nothing of it", async () => {
    const { code, out, err } = await ran(["run"], { first: operator(false, `void (async () => { ${surprise} })();`) });
    expect([code, out]).toEqual([1, "rejected TypeError"]);
    expect(JSON.parse(err)).toMatchObject({ msg: "Ended by an unhandled rejection", errorClass: "TypeError" });
    expect(err).not.toContain("canary");
  });

  test("ends the process if it is of no reconcile", async () => {
    const first = operatorOf(`
      io.answerRejections(() => false);
      void (async () => { ${surprise} })();
      return new Promise(() => setInterval(() => {}, 1000));`);
    expect(await ran(["run"], { first })).toMatchObject({ code: 1, out: "" });
  });
});

describe("a signal", { timeout: STARTS_MS }, () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s asks the operator to stop, and its exit code counts",
    async (signal) => {
      const first = operatorOf(
        `return new Promise((stop) => { io.signal.addEventListener("abort", () => stop(4)); setInterval(() => {}, 1000); io.out("up"); });`,
      );
      const { child, ended } = started(["run"], { first });
      await once(child.stdout, "data");
      child.kill(signal);
      expect(await ended).toEqual([4, null]);
    },
  );

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("a second one, %s, ends a hanging stop at once with %i", async (signal, code) => {
    const first = operatorOf(
      `setInterval(() => {}, 1000); io.signal.addEventListener("abort", () => io.out("stopping")); io.out("up"); return new Promise(() => {});`,
    );
    const { child, ended } = started(["run"], { first });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
  });

  test("ends a command that waits for input at once", async () => {
    const first = `process.stdin.on("newListener", () => process.stdout.write("waiting"));`;
    const { child, ended } = started(["validate", "-"], { first });
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await ended).toEqual([null, "SIGINT"]);
  });
});
