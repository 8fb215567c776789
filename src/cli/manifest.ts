// Reads YAML manifests as kubectl does (several documents, kind List) and remembers where each field stands.

import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type Tags } from "yaml";
import { isRecord, listOf } from "../core/unknown.ts";

export interface ManifestObject {
  readonly raw: unknown;
  /** Line of the field, counted from 1; of the nearest enclosing one if the field is absent. `path` as in SpecError. */
  lineOf(path: string): number;
}

interface ManifestProblem {
  readonly line: number;
  readonly message: string;
}

export interface Manifest {
  readonly objects: readonly ManifestObject[];
  /** Text that is not YAML; such documents yield no objects. */
  readonly problems: readonly ManifestProblem[];
}

export function readManifest(text: string): Manifest {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: "1.1",
    customTags: tagsOfKubectl,
    lineCounter: lines,
    prettyErrors: false,
  });
  const read = [...documents].map((document) => readDocument(document, lines));
  return { objects: read.flatMap(({ objects }) => objects), problems: read.flatMap(({ problems }) => problems) };
}

/**
 * kubectl reads YAML 1.1 through Go's yaml.v2, where `yes` is true but dates stay text and `1:30` is no number:
 * gopkg.in/yaml.v2 v2.4.0, resolve.go and decode.go.
 */
function tagsOfKubectl(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === "string" ||
      !(tag.tag === "tag:yaml.org,2002:timestamp" || ("format" in tag && tag.format === "TIME")),
  );
}

/** Enough for every sane use of anchors, too few for a document that unfolds without end. */
const MAX_ALIASES = 100;

function readDocument(document: Document.Parsed, lines: LineCounter): Manifest {
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      line: lineAt(error.pos[0]),
      message: `not YAML (${error.code})`,
    }));
    return { objects: [], problems };
  }
  try {
    return { objects: objectsOf(document.toJS({ maxAliasCount: MAX_ALIASES })).map(located), problems: [] };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return {
      objects: [],
      problems: [
        {
          line: lineAt(document.range[0]),
          message: `an alias without its anchor, or more than ${MAX_ALIASES} aliases`,
        },
      ],
    };
  }

  function located({ raw, prefix }: RawObject): ManifestObject {
    return { raw, lineOf: (path) => lineAt(offsetOf(document.contents, [...prefix, ...segmentsOf(path)])) };
  }
}

interface RawObject {
  readonly raw: unknown;
  readonly prefix: readonly string[];
}

/** The object, or the items of a List; nothing for an empty document. */
function objectsOf(raw: unknown): RawObject[] {
  if (raw === null || raw === undefined) return [];
  if (!isRecord(raw) || raw["kind"] !== "List") return [{ raw, prefix: [] }];
  return listOf(raw["items"]).map((item, index) => ({ raw: item, prefix: ["items", String(index)] }));
}

/** `spec.data[2].labels[a.b/c]` → spec, data, 2, labels, a.b/c. */
function segmentsOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([segment, inBrackets]) => inBrackets ?? segment);
}

/** Follows the path as far as it exists. */
function offsetOf(root: unknown, path: readonly string[]): number {
  let place: Place = { node: root, offset: startOf(root) };
  for (const segment of path) {
    const next = step(place.node, segment);
    if (next.offset === undefined) break;
    place = next;
  }
  return place.offset ?? 0;
}

interface Place {
  readonly node: unknown;
  /** Undefined: there is no such place. */
  readonly offset: number | undefined;
}

/** Into a field or item. A field stands where its key stands, because its value may begin a line later. */
function step(node: unknown, segment: string): Place {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
    return { node: pair?.value, offset: startOf(pair?.key) };
  }
  const item = isSeq(node) ? node.items[Number(segment)] : undefined;
  return { node: item, offset: startOf(item) };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
