// The one import rule: a file imports from its own folder or from a folder of lower rank, nothing else. Every import
// between folders goes strictly down, so that folders can form no cycle.

import { posix } from "node:path";
import ts from "typescript";
import { nodesOf, type SourceFile, type Violation, violation } from "./source-file.ts";

/** Folders of src/, and the two files at its top: `app.ts` counts as part of `app/`, `main.ts` stands alone. */
const ranks: ReadonlyMap<string, number> = new Map([
  ["core", 0],
  ["observability", 1],
  ["config", 1],
  ["kubernetes", 2],
  ["runtime", 3],
  ["providers", 3],
  ["refresh", 4],
  ["reconcilers", 5],
  ["cli", 6],
  ["app", 6],
  ["main", 7],
]);

/** core is pure: of Node and npm it may use what computes, nothing that reads, writes, waits or listens. */
const packagesOfCore: readonly string[] = ["node:buffer", "node:crypto", "node:util", "node:zlib", "re2js"];

export function importViolations(file: SourceFile): Violation[] {
  const from = folderOf(file.path);
  if (!ranks.has(from)) return [`${file.path}:1 folder ${from} has no rank`];
  return importsOf(file).flatMap(({ node, specifier }) => {
    const problem = specifier.startsWith(".") ? relativeProblem(file.path, specifier) : packageProblem(from, specifier);
    return problem === undefined ? [] : [violation(file, node, problem)];
  });
}

interface Import {
  readonly node: ts.Node;
  readonly specifier: string;
}

/** Static, dynamic and type imports, and exports from elsewhere. */
function importsOf({ tree }: SourceFile): Import[] {
  return nodesOf(tree).flatMap((node) => {
    const specifier = moduleSpecifier(node);
    return specifier === undefined ? [] : [{ node, specifier: ts.isStringLiteral(specifier) ? specifier.text : "?" }];
  });
}

function moduleSpecifier(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  const isDynamicImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamicImport ? node.arguments[0] : undefined;
}

function relativeProblem(importer: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(importer), specifier);
  if (!target.startsWith("src/") || !target.endsWith(".ts")) return `imports ${specifier}: not a file of src/`;
  const [from, to] = [folderOf(importer), folderOf(target)];
  if (from === to) return undefined;
  const [fromRank, toRank] = [ranks.get(from), ranks.get(to)];
  if (fromRank === undefined || toRank === undefined) return `imports ${specifier}: folder ${to} has no rank`;
  return toRank < fromRank ? undefined : `imports ${specifier}: ${to} (${toRank}) is not below ${from} (${fromRank})`;
}

function packageProblem(from: string, specifier: string): string | undefined {
  return from !== "core" || packagesOfCore.includes(specifier) ? undefined : `imports ${specifier}: core is pure`;
}

/** `src/core/clock.ts` → core; `src/main.ts` → main. */
function folderOf(path: string): string {
  return path.split("/")[1]?.replace(/\.ts$/, "") ?? "";
}
