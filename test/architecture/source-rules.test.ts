import { describe, expect, test } from "vitest";
import { operatorSources, PARSING_MS, type SourceFile, sourceFile, type Violation } from "./source-file.ts";
import {
  castViolations,
  domainWordViolations,
  headerViolations,
  needlessBrandingFiles,
  purityViolations,
  vendorViolations,
} from "./source-rules.ts";

interface Rule {
  readonly rule: string;
  readonly check: (file: SourceFile) => Violation[];
  readonly kept: readonly (readonly [path: string, text: string])[];
  readonly broken: readonly (readonly [path: string, text: string])[];
}

const rules: readonly Rule[] = [
  {
    rule: "time, chance and the process are touched in main.ts and the system clock only",
    check: purityViolations,
    kept: [
      ["src/main.ts", "process.exit(Date.now());"],
      ["src/runtime/system-clock.ts", "setTimeout(fire, 1);"],
      ["src/core/a.ts", "const at = new Date(nowMs); clock.setTimer(1, fire); socket.setTimeout(5);"],
      ["src/core/a.ts", "// Date.now() is passed in\nconst process_ = { process: 1 };"],
    ],
    broken: [
      ["src/core/a.ts", "const env = process.env;"],
      ["src/core/a.ts", "const { env } = process;"],
      ["src/app.ts", "setTimeout(fire, 1);"],
      ["src/app.ts", "const wait = setInterval;"],
      ["src/core/a.ts", "const nowMs = Date.now();"],
      ["src/core/a.ts", "const at = new Date();"],
      ["src/core/a.ts", "const at = new Date;"],
      ["src/core/a.ts", "const jitter = Math.random();"],
      ["src/core/a.ts", "const at = performance.now();"],
      ["src/core/a.ts", "const deadline = AbortSignal.timeout(5);"],
      ["src/core/a.ts", 'import { setTimeout as wait } from "node:timers/promises";'],
      ["src/core/a.ts", 'import { env } from "node:process";'],
      ["src/core/a.ts", "const env = globalThis.x;"],
    ],
  },
  {
    rule: "types are not overruled, except to make a brand",
    check: castViolations,
    kept: [
      ["src/core/object-key.ts", "const key = text as ObjectKey;"],
      ["src/core/a.ts", 'const kinds = ["a"] as const; import { a as b } from "./b.ts";'],
      ["src/core/a.ts", "if (!ok && a != b) throw new Error('as any');"],
    ],
    broken: [
      ["src/core/a.ts", "const key = text as ObjectKey;"],
      ["src/core/a.ts", "const key = <ObjectKey>text;"],
      ["src/core/a.ts", "const first = list[0]!;"],
      ["src/core/a.ts", "function f(x: any): void {}"],
      ["src/core/object-key.ts", "const first = list[0]!;"],
    ],
  },
  {
    rule: "the machinery of src/runtime does not know what it moves",
    check: domainWordViolations,
    kept: [
      ["src/runtime/a.ts", "const key = 1;"],
      ["src/core/a.ts", "const secret = 1;"],
    ],
    broken: [
      ["src/runtime/a.ts", "const externalSecret = 1;"],
      ["src/runtime/a.ts", "// not for secrets"],
    ],
  },
  {
    rule: "vendors are named in providers, specs and configuration only",
    check: vendorViolations,
    kept: [
      ["src/providers/vault/a.ts", "const vault = 1;"],
      ["src/core/spec/a.ts", "const vault = 1;"],
      ["src/core/a.ts", "// Vault starts again at 1\nconst version = 1;"],
    ],
    broken: [
      ["src/core/a.ts", "const vault = 1;"],
      ["src/app.ts", 'metrics.provider("Vault");'],
      ["src/reconcilers/a.ts", "const message = `AWS said ${text}`;"],
      ["src/reconcilers/a.ts", "const message = `${text} of azure`;"],
    ],
  },
  {
    rule: "each file opens by saying what it owns",
    check: headerViolations,
    kept: [["src/core/a.ts", "// What it owns.\n// And what not.\n\nconst a = 1;"]],
    broken: [
      ["src/core/a.ts", "const a = 1;"],
      ["src/core/a.ts", '\n// Late.\nimport "./b.ts";'],
      ["src/core/a.ts", "// Stuck to the code.\nconst a = 1;"],
      ["src/core/a.ts", `${"// Long.\n".repeat(6)}\nconst a = 1;`],
    ],
  },
];

describe.each(rules)("$rule", ({ check, kept, broken }) => {
  test("in all of src", { timeout: PARSING_MS }, () => {
    expect(operatorSources().flatMap(check)).toEqual([]);
  });

  test.each(kept)("%s: %j is fine", (path, text) => {
    expect(check(sourceFile(path, text))).toEqual([]);
  });

  test.each(broken)("%s: %j is found", (path, text) => {
    const violations = check(sourceFile(path, text));
    expect(violations.length).toBeGreaterThan(0);
    expect(violations[0]).toMatch(`${path}:`);
  });
});

test("every file that may cast does", { timeout: PARSING_MS }, () => {
  expect(needlessBrandingFiles(operatorSources())).toEqual([]);
});
