import { describe, expect, test } from "vitest";
import { parseWatchLine } from "../../../src/runtime/watch-event.ts";

const object = { metadata: { name: "db", namespace: "a", resourceVersion: "7" } };

describe("parseWatchLine", () => {
  test.each([
    { given: "ADDED", event: { type: "ADDED", object }, parsed: { kind: "changed", resourceVersion: "7", object } },
    {
      given: "MODIFIED",
      event: { type: "MODIFIED", object },
      parsed: { kind: "changed", resourceVersion: "7", object },
    },
    { given: "DELETED", event: { type: "DELETED", object }, parsed: { kind: "deleted", resourceVersion: "7", object } },
    {
      given: "BOOKMARK",
      event: { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
      parsed: { kind: "bookmark", resourceVersion: "9" },
    },
    {
      given: "BOOKMARK without a version",
      event: { type: "BOOKMARK", object: { metadata: {} } },
      parsed: { kind: "unknown" },
    },
    { given: "a type of the future", event: { type: "RENAMED", object }, parsed: { kind: "unknown" } },
    { given: "no type", event: { object }, parsed: { kind: "malformed" } },
    {
      given: "an object without a name",
      event: { type: "ADDED", object: { metadata: { resourceVersion: "7" } } },
      parsed: { kind: "malformed" },
    },
    {
      given: "an object without a version",
      event: { type: "ADDED", object: { metadata: { name: "a" } } },
      parsed: { kind: "malformed" },
    },
    { given: "no object", event: { type: "DELETED" }, parsed: { kind: "malformed" } },
    { given: "a list", event: [], parsed: { kind: "malformed" } },
    {
      given: "ERROR 410",
      event: { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } },
      parsed: { kind: "error", error: { kind: "gone", status: 410, reason: "Expired" } },
    },
    {
      given: "ERROR 429",
      event: { type: "ERROR", object: { kind: "Status", code: 429, details: { retryAfterSeconds: 4 } } },
      parsed: { kind: "error", error: { kind: "throttled", retryAfterMs: 4_000 } },
    },
    {
      given: "ERROR without a code",
      event: { type: "ERROR", object: "canary" },
      parsed: { kind: "error", error: { kind: "unavailable", status: 500 } },
    },
  ])("reads $given", ({ event, parsed }) => {
    expect(parseWatchLine(JSON.stringify(event))).toMatchObject(parsed);
  });

  test.each(["", "{", '{"type":"ADDED","object":{"metadata"', "<html>", "null", "7"])("finds %j malformed", (line) => {
    expect(parseWatchLine(line)).toEqual({ kind: "malformed" });
  });
});
