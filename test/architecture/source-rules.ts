// Rules that one file keeps or breaks by itself: where time and the process are touched, which casts are allowed, which
// words may occur, how a file begins.

import ts from "typescript";
import { nodesOf, type SourceFile, type Violation, violation } from "./source-file.ts";

/** The only files that may touch the process, timers, clocks and chance. Everywhere else they are parameters. */
const impureFiles: readonly string[] = ["src/main.ts", "src/runtime/system-clock.ts"];
const impureGlobals: readonly string[] = [
  ...["process", "performance", "globalThis"],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
];
const impureMembers: readonly string[] = ["Date.now", "Math.random", "AbortSignal.timeout", "crypto.randomUUID"];
const impureModules: readonly string[] = ["node:process", "node:timers", "node:timers/promises", "node:perf_hooks"];

export function purityViolations(file: SourceFile): Violation[] {
  if (impureFiles.includes(file.path)) return [];
  return nodesOf(file.tree).flatMap((node) => {
    const used = impurityOf(node);
    return used === undefined ? [] : [violation(file, node, `touches ${used}: pass it in`)];
  });
}

function impurityOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return isGlobal(node) ? impureGlobals.find((name) => name === node.text) : undefined;
  if (ts.isPropertyAccessExpression(node)) return impureMembers.find((member) => node.getText() === member);
  if (ts.isStringLiteral(node)) return impureModules.find((module) => node.text === module);
  const isNow = ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length;
  return isNow ? "new Date()" : undefined;
}

/** Not a member (`socket.setTimeout`) nor the name of a property (`{ process: 1 }`). */
function isGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
  const isName = (ts.isPropertyAssignment(parent) || ts.isTypeElement(parent)) && parent.name === node;
  return !isMember && !isName;
}

/** The files with constructors of branded types: the check beside the cast is what gives the brand its meaning. */
const brandingFiles: readonly string[] = [
  "src/core/object-key.ts",
  "src/core/packed-json.ts",
  "src/core/provider/port.ts",
  "src/core/secret-value.ts",
  "src/core/spec/wire-schema.ts",
];

export function castViolations(file: SourceFile): Violation[] {
  return nodesOf(file.tree).flatMap((node) => {
    const cast = castOf(node);
    const isBrand = cast === "as" && brandingFiles.includes(file.path);
    return cast === undefined || isBrand ? [] : [violation(file, node, `uses ${cast}`)];
  });
}

function castOf(node: ts.Node): string | undefined {
  if (ts.isAsExpression(node)) return node.type.getText() === "const" ? undefined : "as";
  if (ts.isTypeAssertionExpression(node)) return "a type assertion";
  if (ts.isNonNullExpression(node)) return "!";
  return node.kind === ts.SyntaxKind.AnyKeyword ? "any" : undefined;
}

/** The list of brands must not outlive them. */
export function needlessBrandingFiles(files: readonly SourceFile[]): string[] {
  return brandingFiles.filter((path) => {
    const file = files.find((candidate) => candidate.path === path);
    return file === undefined || !nodesOf(file.tree).some((node) => castOf(node) === "as");
  });
}

/** The machinery of src/runtime knows no domain: not even in a comment. */
export function domainWordViolations({ path, text }: SourceFile): Violation[] {
  if (!path.startsWith("src/runtime/")) return [];
  return text
    .split("\n")
    .flatMap((line, index) => (/secret/i.test(line) ? [`${path}:${index + 1} says "secret"`] : []));
}

/** As names of variables have it: `deflateRawSync` is none. */
const VENDOR = /vault|hashicorp|azure|keyvault|amazon|\baws/i;
const vendorFolders: readonly string[] = ["src/providers/", "src/core/spec/", "src/config/"];

/** In code, not in comments: those may tell what a general rule is good for. */
export function vendorViolations(file: SourceFile): Violation[] {
  if (vendorFolders.some((folder) => file.path.startsWith(folder))) return [];
  return nodesOf(file.tree).flatMap((node) => {
    const isWord =
      ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || ts.isLiteralExpression(node) || isTemplatePart(node);
    return isWord && VENDOR.test(node.getText()) ? [violation(file, node, `names a vendor: ${node.getText()}`)] : [];
  });
}

function isTemplatePart(node: ts.Node): boolean {
  return ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
}

const MAX_HEADER_LINES = 5;

/** A file opens with a comment that says what it owns; code comes after an empty line. */
export function headerViolations({ path, text }: SourceFile): Violation[] {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("// "));
  if (end === 0) return [`${path}:1 has no header comment`];
  if (end > MAX_HEADER_LINES) return [`${path}:1 has a header of more than ${MAX_HEADER_LINES} lines`];
  return lines[end] === "" ? [] : [`${path}:${end + 1} has no empty line after the header`];
}
