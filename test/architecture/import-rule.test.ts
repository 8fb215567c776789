import { describe, expect, test } from "vitest";
import { importViolations } from "./import-rule.ts";
import { operatorSources, PARSING_MS, sourceFile } from "./source-file.ts";

test("every import of the operator goes down, or stays in its folder", { timeout: PARSING_MS }, () => {
  expect(operatorSources().flatMap(importViolations)).toEqual([]);
});

describe("importViolations", () => {
  test.each([
    { path: "src/core/a.ts", text: 'import { b } from "./spec/b.ts";' },
    { path: "src/core/spec/a.ts", text: 'import { createHash } from "node:crypto";' },
    { path: "src/kubernetes/a.ts", text: 'import { b } from "../observability/b.ts"; import h2 from "node:http2";' },
    { path: "src/reconcilers/x/a.ts", text: 'import { b } from "../y/b.ts"; export * from "../../refresh/c.ts";' },
    { path: "src/app.ts", text: 'import { a } from "./app/a.ts"; import { b } from "./reconcilers/b.ts";' },
    { path: "src/main.ts", text: 'import "./cli/run.ts"; const app = await import("./app.ts");' },
  ])("accepts in $path: $text", ({ path, text }) => {
    expect(importViolations(sourceFile(path, text))).toEqual([]);
  });

  test.each([
    { path: "src/core/a.ts", text: 'import { b } from "../config/b.ts";', message: "config (1) is not below core (0)" },
    { path: "src/core/a.ts", text: 'import type { b } from "../config/b.ts";', message: "is not below" },
    { path: "src/core/a.ts", text: 'type B = import("../config/b.ts").B;', message: "is not below" },
    { path: "src/core/a.ts", text: 'export { b } from "../config/b.ts";', message: "is not below" },
    { path: "src/core/a.ts", text: 'const b = () => import("../runtime/b.ts");', message: "is not below" },
    { path: "src/core/a.ts", text: "const b = (name: string) => import(name);", message: "core is pure" },
    { path: "src/core/a.ts", text: 'import { readFile } from "node:fs/promises";', message: "core is pure" },
    { path: "src/core/a.ts", text: 'import pQueue from "p-queue";', message: "core is pure" },
    { path: "src/config/a.ts", text: 'import { b } from "../observability/b.ts";', message: "is not below" },
    { path: "src/providers/a.ts", text: 'import { b } from "../runtime/b.ts";', message: "is not below" },
    { path: "src/cli/a.ts", text: 'import { b } from "../app.ts";', message: "app (6) is not below cli (6)" },
    { path: "src/app.ts", text: 'import { b } from "./main.ts";', message: "main (7) is not below app (6)" },
    { path: "src/cli/a.ts", text: 'import { b } from "../../test/b.ts";', message: "not a file of src/" },
    { path: "src/cli/a.ts", text: 'import { b } from "./b.js";', message: "not a file of src/" },
    { path: "src/cli/a.ts", text: 'import { b } from "../utils/b.ts";', message: "folder utils has no rank" },
    { path: "src/utils/a.ts", text: "", message: "folder utils has no rank" },
  ])("refuses in $path: $text", ({ path, text, message }) => {
    const violations = importViolations(sourceFile(path, text));
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(`${path}:1 `);
    expect(violations[0]).toContain(message);
  });
});
