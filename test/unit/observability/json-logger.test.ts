import { describe, expect, test } from "vitest";
import type { LogFields, LogLevel } from "../../../src/core/logger.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import { createJsonLogger } from "../../../src/observability/json-logger.ts";

const parsed = (text: string): unknown => JSON.parse(text);

const CANARY = "canary-3f9a";

function loggerOver(level: LogLevel = "debug") {
  const lines: string[] = [];
  const log = createJsonLogger({ write: (line) => lines.push(line), level, nowMs: () => Date.UTC(2026, 0, 2) });
  const records = (): unknown[] => lines.map(parsed);
  return { log, lines, records };
}

describe("createJsonLogger", () => {
  test("writes one JSON object per line, with time, level and message first", () => {
    const { log, lines } = loggerOver();
    log.info("Started worker", { worker: 3, leader: true, skipped: undefined });
    expect(lines).toEqual([
      '{"ts":"2026-01-02T00:00:00.000Z","level":"info","msg":"Started worker","worker":3,"leader":true}\n',
    ]);
  });

  test.each([
    { level: "debug", written: ["debug", "info", "warn", "error"] },
    { level: "info", written: ["info", "warn", "error"] },
    { level: "warn", written: ["warn", "error"] },
    { level: "error", written: ["error"] },
  ] as const)("at level $level writes $written", ({ level, written }) => {
    const { log, records } = loggerOver(level);
    log.debug("m");
    log.info("m");
    log.warn("m");
    log.error("m");
    expect(records()).toMatchObject(written.map((name) => ({ level: name })));
  });

  test("adds what the context says now to each line, and fields of the line win", () => {
    const lines: string[] = [];
    let context: LogFields | undefined = { controller: "c", key: "a/b" };
    const options = { write: (line: string) => lines.push(line), level: "info", nowMs: () => 0 } as const;
    const log = createJsonLogger({ ...options, context: () => context }).with({ resource: "r" });
    log.info("m", { key: "c/d" });
    context = undefined;
    log.info("m");
    expect(lines.map(parsed)).toEqual([
      { ts: "1970-01-01T00:00:00.000Z", level: "info", msg: "m", controller: "c", key: "c/d", resource: "r" },
      { ts: "1970-01-01T00:00:00.000Z", level: "info", msg: "m", resource: "r" },
    ]);
  });

  test("adds the fields of a child to each of its lines, and the line's own fields win", () => {
    const { log, records } = loggerOver();
    log.with({ key: "a/b", attempt: 1 }).with({ store: "s" }).warn("Retried", { attempt: 2 });
    expect(records()).toMatchObject([{ key: "a/b", store: "s", attempt: 2 }]);
  });

  test("keeps time, level and message when fields have the same names", () => {
    const { log, records } = loggerOver();
    log.with({ ts: "never" }).warn("Kept", { level: "debug", msg: "other" });
    expect(records()).toEqual([{ ts: "2026-01-02T00:00:00.000Z", level: "warn", msg: "Kept" }]);
  });

  test("escapes every character that could steer a terminal or break a line", () => {
    const { log, lines } = loggerOver();
    log.info("Saw name", { name: "a\nb\u001b[2J\u007f\u009b\u2028c" });
    expect(lines[0]).toContain('"a\\nb\\u001b[2J\\u007f\\u009b\\u2028c"');
    expect(lines.join("").match(/[^\x20-\x7e]/g)).toEqual(["\n"]);
  });

  test("drops objects that reached it in spite of the types", () => {
    const { log, lines } = loggerOver();
    const smuggled: unknown = {
      nested: { token: CANARY },
      list: [CANARY],
      secret: SecretValue.ofUtf8(CANARY),
      kept: 1,
    };
    log.info("Saw fields", smuggled as LogFields);
    expect(lines.join("")).not.toContain(CANARY);
    expect(parsed(lines.join(""))).toEqual({
      ts: "2026-01-02T00:00:00.000Z",
      level: "info",
      msg: "Saw fields",
      kept: 1,
    });
  });
});

describe("failure", () => {
  class VaultFailure extends Error {}

  function failureRecord(error: unknown): unknown {
    const { log, lines } = loggerOver();
    log.failure("Ended badly", error, { key: "a/b" });
    expect(lines.join("")).not.toContain(CANARY);
    return parsed(lines.join(""));
  }

  test("logs class, code and stack frames, at level error", () => {
    const record = failureRecord(Object.assign(new VaultFailure("m"), { code: "ECONNRESET" }));
    expect(record).toMatchObject({ level: "error", key: "a/b", errorClass: "VaultFailure", errorCode: "ECONNRESET" });
    expect(record).toMatchObject({ stack: expect.stringMatching(/^at .*json-logger\.test\.ts:\d+:\d+/) as unknown });
  });

  test.each([
    { given: "the message", error: new Error(CANARY) },
    { given: "a message of several lines", error: new Error(`first\n${CANARY}\n    at ${CANARY} (file:1:1)`) },
    { given: "a message changed after the throw", error: Object.assign(new Error(CANARY), { message: "other" }) },
    {
      given: "a property",
      error: Object.assign(new Error("m"), { config: { headers: { token: CANARY } }, body: CANARY }),
    },
    { given: "the name", error: Object.assign(new Error("m"), { name: CANARY }) },
    { given: "the code", error: Object.assign(new Error("m"), { code: CANARY }) },
    { given: "an object as the code", error: Object.assign(new Error("m"), { code: { value: CANARY } }) },
    { given: "the message of a cause", error: new Error("m", { cause: new Error(CANARY) }) },
    { given: "an error of an AggregateError", error: new AggregateError([new Error(CANARY)], CANARY) },
    { given: "a thrown text", error: CANARY },
    { given: "a thrown object", error: { token: CANARY } },
  ])("does not print $given", ({ error }) => {
    failureRecord(error);
  });

  test("logs the status of an HTTP error", () => {
    expect(failureRecord(Object.assign(new Error("m"), { code: 404 }))).toMatchObject({ errorCode: 404 });
  });

  test("names the causes, outermost first, and stops in a circle", () => {
    const inner = Object.assign(new TypeError("m"), { code: "EPIPE" });
    expect(failureRecord(new Error("m", { cause: new RangeError("m", { cause: inner }) }))).toMatchObject({
      cause: "RangeError < TypeError EPIPE",
    });
    const circle = new Error("m");
    circle.cause = circle;
    expect(failureRecord(circle)).toMatchObject({ cause: "Error < Error < Error" });
  });

  test.each([
    ["text", "string"],
    [undefined, "undefined"],
    [{}, "object"],
  ])("says of a thrown %j that it is no error", (thrown, errorClass) => {
    expect(failureRecord(thrown)).toMatchObject({ errorClass });
  });
});
