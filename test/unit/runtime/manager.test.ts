import { describe, expect, test } from "vitest";
import { type Component, createManager } from "../../../src/runtime/manager.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { settle } from "../../support/scripted-client.ts";

const NEVER = new AbortController().signal;

function managerOf(overrides: Partial<Record<"a" | "b" | "c", Partial<Component>>> = {}) {
  const said: string[] = [];
  const component = (name: "a" | "b" | "c"): Component => ({
    name,
    start: () => (said.push(`start ${name}`), Promise.resolve()),
    stop: () => (said.push(`stop ${name}`), Promise.resolve()),
    ...overrides[name],
  });
  const clock = new FakeClock();
  const { log, lines } = recordingLogger();
  const components = [component("a"), component("b"), component("c")];
  return { manager: createManager({ components, clock, log, stopBudgetMs: 10_000 }), clock, said, lines };
}

const hang = (): Promise<void> => new Promise(() => undefined);
const untilFired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

describe("createManager", () => {
  test("starts in order and stops in reverse", async () => {
    const { manager, said, clock } = managerOf();
    await manager.start(NEVER);
    await manager.stop();
    expect(said).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
    expect(clock.pendingMs()).toEqual([]);
  });

  test("waits for each to be ready before the next", async () => {
    const ready = Promise.withResolvers<undefined>();
    const { manager, said } = managerOf({ b: { start: () => ready.promise } });
    const start = manager.start(NEVER);
    await settle();
    expect(said).toEqual(["start a"]);
    ready.resolve(undefined);
    await start;
    expect(said).toEqual(["start a", "start c"]);
  });

  test("rejects when one cannot start; then stop ends what was begun", async () => {
    const { manager, said } = managerOf({ b: { start: () => Promise.reject(new Error("no port")) } });
    await expect(manager.start(NEVER)).rejects.toThrow("no port");
    await manager.stop();
    expect(said).toEqual(["start a", "stop b", "stop a"]);
  });

  test.each([
    { given: "the signal fires", end: (abort: AbortController) => abort.abort() },
    { given: "stop is called", end: (_: AbortController, stop: () => void) => stop() },
  ])("a start that hangs ends when $given, and nothing more is started", async ({ end }) => {
    const { manager, said } = managerOf({ b: { start: hang } });
    const abort = new AbortController();
    const start = manager.start(abort.signal);
    const rejected = expect(start).rejects.toThrow();
    await settle();
    end(abort, () => void manager.stop());
    await rejected;
    await manager.stop();
    expect(said).toEqual(["start a", "stop b", "stop a"]);
  });

  test("a stop that fails is logged, and the others are stopped", async () => {
    const { manager, said, lines } = managerOf({ c: { stop: () => Promise.reject(new Error("canary")) } });
    await manager.start(NEVER);
    await manager.stop();
    expect(said.slice(3)).toEqual(["stop b", "stop a"]);
    expect(lines.filter((line) => line.level === "failure")).toMatchObject([{ fields: { component: "c" } }]);
  });

  test("tells components four seconds before the budget is spent, and goes on with the others", async () => {
    const { manager, clock, said } = managerOf({ c: { stop: untilFired } });
    await manager.start(NEVER);
    const stop = manager.stop();
    await settle();
    clock.advance(5_999);
    await settle();
    expect(said).toHaveLength(3);
    clock.advance(1);
    await stop;
    expect(said.slice(3)).toEqual(["stop b", "stop a"]);
  });

  test("resolves when the budget is spent, whoever hangs, and stop was called for all", async () => {
    const { manager, clock, said } = managerOf({ c: { stop: hang } });
    await manager.start(NEVER);
    let stopped = false;
    const stop = manager.stop().then(() => (stopped = true));
    await settle();
    clock.advance(9_999);
    await settle();
    expect([stopped, said.slice(3)]).toEqual([false, ["stop b", "stop a"]]);
    clock.advance(1);
    await stop;
  });

  test("a second stop joins the first", async () => {
    const { manager, said } = managerOf();
    await manager.start(NEVER);
    await Promise.all([manager.stop(), manager.stop()]);
    expect(said.filter((word) => word === "stop a")).toHaveLength(1);
  });

  test("does not start after a stop", async () => {
    const { manager, said } = managerOf();
    await manager.stop();
    await expect(manager.start(NEVER)).rejects.toThrow();
    expect(said).toEqual([]);
  });
});
