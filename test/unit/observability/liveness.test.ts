import { describe, expect, test } from "vitest";
import { createLiveness } from "../../../src/observability/liveness.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function livenessOf(symptom: () => string | undefined) {
  const clock = new FakeClock();
  const liveness = createLiveness({ clock, symptoms: { watches: symptom } });
  liveness.start();
  return { clock, liveness };
}

describe("createLiveness", () => {
  test("looks at the symptoms and the event loop", () => {
    expect(livenessOf(() => undefined).liveness.names).toEqual(["event loop", "watches"]);
  });

  test("fails when a symptom has been there for a minute, with what it said last", () => {
    let reason = "one is silent";
    const { clock, liveness } = livenessOf(() => reason);
    clock.advance(59_999);
    expect(liveness.failure("watches")).toBeUndefined();
    reason = "two are silent";
    clock.advance(1);
    expect(liveness.failure("watches")).toBe("two are silent");
    expect(liveness.failure("event loop")).toBeUndefined();
  });

  test("counts anew when the symptom was gone once", () => {
    let reason: string | undefined = "silent";
    const { clock, liveness } = livenessOf(() => reason);
    clock.advance(55_000);
    reason = undefined;
    clock.advance(5_000);
    reason = "silent";
    clock.advance(55_000);
    expect(liveness.failure("watches")).toBeUndefined();
    clock.advance(5_000);
    expect(liveness.failure("watches")).toBe("silent");
  });

  test("is well again when the symptom is gone", () => {
    let reason: string | undefined = "silent";
    const { clock, liveness } = livenessOf(() => reason);
    clock.advance(60_000);
    reason = undefined;
    clock.advance(5_000);
    expect(liveness.failure("watches")).toBeUndefined();
  });

  test("a process that was stopped for long looks anew for a minute before it is judged", () => {
    const { clock, liveness } = livenessOf(() => "silent");
    clock.advance(55_000);
    clock.sleep(3_600_000);
    expect(liveness.names.map((name) => liveness.failure(name))).toEqual([undefined, undefined]);
    clock.advance(55_000);
    expect(liveness.failure("watches")).toBeUndefined();
    clock.advance(5_000);
    expect(liveness.failure("watches")).toBe("silent");
  });

  test("fails when the event loop is blocked for seconds again and again, and not sooner", () => {
    const { clock, liveness } = livenessOf(() => undefined);
    for (let look = 0; look < 11; look += 1) clock.sleep(10_000);
    expect(liveness.failure("event loop")).toBeUndefined();
    clock.sleep(10_000);
    expect(liveness.failure("event loop")).toBe("it is blocked for seconds at a time");
    clock.advance(5_000);
    expect(liveness.failure("event loop")).toBeUndefined();
  });

  test("stops looking", () => {
    const { clock, liveness } = livenessOf(() => "silent");
    liveness.stop();
    expect(clock.pendingMs()).toEqual([]);
  });
});
