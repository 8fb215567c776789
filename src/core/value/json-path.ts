// Where a property stands in a document: the part of gjson's path syntax that names one place. A member whose name is the
// whole path comes first (as in ESO); else parts are divided by dots, `\` takes the next character literally, and a
// number indexes an array. gjson's queries, wildcards, pipes, modifiers and literals are told apart from a mere miss.
// Syntax: tidwall/gjson, SYNTAX.md.

import { member, type JsonNode } from "./json-document.ts";

export type PathMatch =
  | { readonly kind: "found"; readonly node: JsonNode }
  | { readonly kind: "missing" }
  /** Not literally there, and the path has gjson syntax that we do not serve. */
  | { readonly kind: "unsupported" };

interface PathPart {
  /** Without its escapes. */
  readonly name: string;
  /** Holds unescaped characters that gjson does not take literally. */
  readonly isPattern: boolean;
}

export function matchPath(root: JsonNode, path: string): PathMatch {
  const literal = member(root, path);
  if (literal !== undefined) return { kind: "found", node: literal };
  const parts = pathParts(path);
  let node = root;
  for (const [index, { name }] of parts.entries()) {
    const child = childOf(node, name);
    if (child === undefined)
      return { kind: parts.slice(index).some((part) => part.isPattern) ? "unsupported" : "missing" };
    node = child;
  }
  return { kind: "found", node };
}

const ARRAY_INDEX = /^[0-9]+$/;

function childOf(node: JsonNode, name: string): JsonNode | undefined {
  if (node.kind !== "array") return member(node, name);
  return ARRAY_INDEX.test(name) ? node.items[Number(name)] : undefined;
}

/** An escaped character, or a single one; a lone backslash at the end stands for itself. */
const TOKEN = /\\.|./gsu;
const PATTERN_CHARACTERS = "*?|";
/** Where a part begins: array queries, modifiers, literals, multipaths. */
const PATTERN_STARTS = "#@![{";

function pathParts(path: string): readonly PathPart[] {
  const parts: PathPart[] = [];
  let name = "";
  let isPattern = false;
  for (const [token] of path.matchAll(TOKEN)) {
    if (token === ".") {
      parts.push({ name, isPattern });
      name = "";
      isPattern = false;
    } else if (token.startsWith("\\")) name += token.slice(1) || token;
    else {
      isPattern ||= PATTERN_CHARACTERS.includes(token) || (name === "" && PATTERN_STARTS.includes(token));
      name += token;
    }
  }
  return [...parts, { name, isPattern }];
}
