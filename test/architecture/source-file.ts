// The sources of the operator as text and syntax tree, for the rules that tests hold.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export const root = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** From the root of the repository, such as `src/core/clock.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** What is wrong where: `src/a.ts:3 message`. */
export type Violation = string;

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

/** Time limit of tests that read all sources, which takes a second on a quiet machine, milliseconds. */
export const PARSING_MS = 60_000;

let sources: readonly SourceFile[] | undefined;

/** All of src/, parsed once. Throws if there is nothing: a rule that looks at no file holds nothing. */
export function operatorSources(): readonly SourceFile[] {
  sources ??= readSources();
  return sources;
}

function readSources(): readonly SourceFile[] {
  const paths = globSync("src/**/*.ts", { cwd: root }).sort();
  if (!paths.includes("src/main.ts")) throw new Error("src/main.ts was not found");
  return paths.map((path) => sourceFile(path, readFileSync(join(root, path), "utf8")));
}

/** The node and all below it; no comments, and of tokens only those that mean something by themselves. */
export function nodesOf(node: ts.Node): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (visited: ts.Node): void => {
    nodes.push(visited);
    ts.forEachChild(visited, visit);
  };
  visit(node);
  return nodes;
}

export function violation({ path, tree }: SourceFile, node: ts.Node, message: string): Violation {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${message}`;
}
