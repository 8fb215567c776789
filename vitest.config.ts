// Three suites: unit (with architecture) needs nothing but Node; integration shares one rig of real servers; faults has a
// rig of its own.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "test/unit/**/*.test.ts",
            "test/architecture/**/*.test.ts",
            "test/faults/{proxy,oracle,crash}/**/*.test.ts",
            "test/fuzz/**/*.test.ts",
            "test/simulation/**/*.test.ts",
          ],
          // The limit ends what hangs; a machine with other work is no fault of the code.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts", "test/testbed/**/*.test.ts"],
          globalSetup: ["test/testbed/global-setup.ts"],
          // One cluster, one operator at a time: files run one after the other, tests within a file may be concurrent.
          fileParallelism: false,
          maxConcurrency: 20,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/fast.test.ts"],
          // Its scenarios have deadlines: they do not compete with the unit tests.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**/*.ts"] },
  },
});
