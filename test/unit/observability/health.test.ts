import { expect, test } from "vitest";
import { createHealth } from "../../../src/observability/health.ts";

test("a process without checks is live, and not ready: it is still being put together", () => {
  const health = createHealth();
  expect(health.liveness()).toEqual({ ok: true, text: "ok\n" });
  expect(health.readiness()).toEqual({ ok: false, text: "[-]start failed: starting\n" });
});

test.each([
  { given: "both well", a: undefined, b: undefined, ok: true, text: "[+]a ok\n[+]b ok\n" },
  { given: "one failing", a: undefined, b: "no list yet", ok: false, text: "[+]a ok\n[-]b failed: no list yet\n" },
])("with $given, ready is $ok and every check is named", ({ a, b, ok, text }) => {
  const health = createHealth();
  health.addReadinessCheck("a", () => a);
  health.addReadinessCheck("b", () => b);
  expect(health.readiness()).toEqual({ ok, text });
});

test("a check is asked anew each time", () => {
  const health = createHealth();
  let reason: string | undefined = "silent for 600 s";
  health.addLivenessCheck("watches", () => reason);
  expect(health.liveness().ok).toBe(false);
  reason = undefined;
  expect(health.liveness().ok).toBe(true);
});

test("liveness and readiness are told apart", () => {
  const health = createHealth();
  health.addLivenessCheck("live", () => "dead");
  health.addReadinessCheck("ready", () => undefined);
  expect([health.liveness().ok, health.readiness().ok]).toEqual([false, true]);
});
