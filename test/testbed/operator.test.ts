// Proves the runner for the operator under test, with a stand-in for the operator.
import { join } from "node:path";
import { expect, test } from "vitest";
import { listAt } from "./json.ts";
import { startOperator } from "./operator.ts";
import { rigForSuite } from "./rig-for-suite.ts";

const command = [process.execPath, join(import.meta.dirname, "fixtures/stand-in-operator.ts")] as const;

test("the operator runs in a clean environment, is read, and ends with its exit code", async () => {
  const rig = rigForSuite();
  const { path } = await rig.serviceAccountKubeconfig("default", "default");
  await using operator = await startOperator(rig, {
    kubeconfigPath: path,
    command: [...command],
    args: ["--extra"],
    env: { EXTRA: "1" },
  });
  await operator.waitReady();
  expect(await operator.metrics()).toContain("stand_in_total 1");
  const [started] = await operator.logs();
  expect(started).toMatchObject({ msg: "Started" });
  expect(listAt(started, "args")).toContain("--extra");
  expect(listAt(started, "environment").toSorted()).toEqual([
    "EXTRA",
    "HOME",
    "KUBECONFIG",
    "PATH",
    "POD_NAME",
    "TMPDIR",
  ]);

  expect(await operator.stop()).toEqual({ code: 0, signal: undefined });
  expect(await operator.lines()).toContain("not json");
});

test("an operator that ends at once fails waitReady with its last words", async () => {
  const rig = rigForSuite();
  await using operator = await startOperator(rig, {
    kubeconfigPath: rig.kubeconfigPath,
    command: [process.execPath, "--eval", "console.error('no such flag'); process.exit(2)"],
    listenArgs: () => [],
  });
  await expect(operator.waitReady()).rejects.toThrow(/no such flag/);
  expect(await operator.exited).toEqual({ code: 2, signal: undefined });
});
