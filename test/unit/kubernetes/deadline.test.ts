import { describe, expect, test } from "vitest";
import { pause, startDeadline } from "../../../src/kubernetes/deadline.ts";
import { FakeClock } from "../../support/fake-clock.ts";

describe("startDeadline", () => {
  test("fires when the time is over, and says so", () => {
    const clock = new FakeClock();
    const deadline = startDeadline(clock, 100, new AbortController().signal);
    clock.advance(99);
    expect([deadline.signal.aborted, deadline.expired, deadline.remainingMs()]).toEqual([false, false, 1]);
    clock.advance(1);
    expect([deadline.signal.aborted, deadline.expired, deadline.remainingMs()]).toEqual([true, true, 0]);
  });

  test("fires with the caller, which is no expiry even when the time is over later", () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const deadline = startDeadline(clock, 100, caller.signal);
    caller.abort();
    clock.advance(200);
    expect([deadline.signal.aborted, deadline.expired]).toEqual([true, false]);
  });

  test("has fired from the start if the caller gave up before", () => {
    expect(startDeadline(new FakeClock(), 100, AbortSignal.abort()).signal.aborted).toBe(true);
  });

  test("follows only the caller once lifted", () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const deadline = startDeadline(clock, 100, caller.signal);
    deadline.lift();
    clock.advance(200);
    expect(deadline.signal.aborted).toBe(false);
    caller.abort();
    expect(deadline.signal.aborted).toBe(true);
  });

  test("leaves no timer behind and follows nobody once cleared", () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const deadline = startDeadline(clock, 100, caller.signal);
    deadline.clear();
    caller.abort();
    expect([clock.pendingMs(), deadline.signal.aborted]).toEqual([[], false]);
  });
});

describe("pause", () => {
  test.each([
    { ends: "after its time", act: (clock: FakeClock) => clock.advance(100) },
    { ends: "when given up", act: (_: FakeClock, caller: AbortController) => caller.abort() },
  ])("ends $ends, and leaves no timer", async ({ act }) => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const paused = pause(clock, 100, caller.signal);
    expect(clock.pendingMs()).toEqual([100]);
    act(clock, caller);
    await paused;
    expect(clock.pendingMs()).toEqual([]);
  });

  test("ends at once if given up before", async () => {
    const clock = new FakeClock();
    await pause(clock, 100, AbortSignal.abort());
    expect(clock.pendingMs()).toEqual([]);
  });
});
