// One line of a watch stream, read defensively.
// Format: kubernetes/apimachinery pkg/apis/meta/v1/watch.go, WatchEvent.

import { isRecord, recordOf } from "../core/unknown.ts";
import { type ApiError, errorFromStatus } from "../kubernetes/api-error.ts";
import { statusFacts } from "../kubernetes/status-body.ts";

export type WatchEvent =
  | { readonly kind: "changed" | "deleted"; readonly resourceVersion: string; readonly object: unknown }
  /** `endsInitialEvents`: what came before it is the state of everything at this version. */
  | { readonly kind: "bookmark"; readonly resourceVersion: string; readonly endsInitialEvents: boolean }
  /** The server ends the stream with a reason. */
  | { readonly kind: "error"; readonly error: ApiError }
  /** A type that we do not know, or a bookmark that says nothing. */
  | { readonly kind: "unknown" }
  /** Not an event at all: the stream cannot be trusted any more. */
  | { readonly kind: "malformed" };

/** An ERROR event without a code counts as this: kubernetes/apimachinery treats it as an internal error. */
const UNSPECIFIED_ERROR = 500;

/** kubernetes/apimachinery pkg/apis/meta/v1/types.go, InitialEventsAnnotationKey. */
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

export function parseWatchLine(line: string): WatchEvent {
  const event = parseRecord(line);
  if (event === undefined) return { kind: "malformed" };
  const object = event["object"];
  switch (event["type"]) {
    case "ADDED":
    case "MODIFIED":
      return objectEvent("changed", object);
    case "DELETED":
      return objectEvent("deleted", object);
    case "BOOKMARK": {
      const resourceVersion = metadataText(object, "resourceVersion");
      if (resourceVersion === undefined) return { kind: "unknown" };
      return { kind: "bookmark", resourceVersion, endsInitialEvents: hasInitialEventsEnd(object) };
    }
    case "ERROR": {
      const facts = statusFacts(object);
      return { kind: "error", error: errorFromStatus(facts.code ?? UNSPECIFIED_ERROR, facts, { write: false }) };
    }
    default:
      return typeof event["type"] === "string" ? { kind: "unknown" } : { kind: "malformed" };
  }
}

/** A member of an object's `metadata` that is a text and not empty. */
export function metadataText(object: unknown, member: string): string | undefined {
  const value = recordOf(recordOf(object)["metadata"])[member];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function hasInitialEventsEnd(bookmark: unknown): boolean {
  return recordOf(recordOf(recordOf(bookmark)["metadata"])["annotations"])[INITIAL_EVENTS_END] === "true";
}

function objectEvent(kind: "changed" | "deleted", object: unknown): WatchEvent {
  const resourceVersion = metadataText(object, "resourceVersion");
  const named = metadataText(object, "name") !== undefined;
  return resourceVersion !== undefined && named ? { kind, resourceVersion, object } : { kind: "malformed" };
}

function parseRecord(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
