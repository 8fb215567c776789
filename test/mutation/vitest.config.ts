// The unit tests of what is mutated, as one plain project: they are run once for each mutant.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "test/unit/core/sync/**/*.test.ts",
      "test/unit/core/status/**/*.test.ts",
      "test/unit/runtime/**/*.test.ts",
    ],
  },
});
