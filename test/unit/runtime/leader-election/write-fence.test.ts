import { expect, test } from "vitest";
import { failed, ok } from "../../../../src/core/result.ts";
import { errorFromFailure } from "../../../../src/kubernetes/api-error.ts";
import { fenceWrites } from "../../../../src/kubernetes/fenced-client.ts";
import { createWriteFence } from "../../../../src/runtime/leader-election/write-fence.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { httpError, scriptedClient } from "../../../support/scripted-client.ts";

const never = new AbortController().signal;
const inTenSeconds = (clock: FakeClock) => ({
  monotonicMs: clock.monotonicMs() + 10_000,
  wallMs: clock.nowMs() + 10_000,
});

test("is closed at first, open until its end, and closed from then on", () => {
  const clock = new FakeClock();
  const fence = createWriteFence(clock);
  expect(fence.isOpen()).toBe(false);
  fence.openUntil(inTenSeconds(clock));
  clock.advance(9_999);
  expect(fence.isOpen()).toBe(true);
  clock.advance(1);
  expect(fence.isOpen()).toBe(false);
});

test.each([
  { given: "the monotonic clock stood still, as in a suspended machine", monotonicMs: 0, wallMs: 60_000, open: false },
  { given: "the wall clock was set forward", monotonicMs: 1_000, wallMs: 300_000, open: false },
  { given: "the wall clock was set back", monotonicMs: 1_000, wallMs: -300_000, open: true },
  { given: "the wall clock was set back and the time is over", monotonicMs: 10_000, wallMs: -300_000, open: false },
])("where $given is open: $open", ({ monotonicMs, wallMs, open }) => {
  const start = new FakeClock();
  const at = { monotonicMs: 0, wallMs: 0 };
  const clock = {
    ...{ nowMs: () => start.nowMs() + at.wallMs, monotonicMs: () => at.monotonicMs },
    setTimer: () => () => undefined,
  };
  const fence = createWriteFence(clock);
  fence.openUntil({ monotonicMs: 10_000, wallMs: start.nowMs() + 10_000 });
  Object.assign(at, { monotonicMs, wallMs });
  expect(fence.isOpen()).toBe(open);
});

test("closing fires the signal; opening again gives a new one", () => {
  const clock = new FakeClock();
  const fence = createWriteFence(clock);
  fence.openUntil(inTenSeconds(clock));
  const first = fence.signal;
  fence.close();
  expect([first.aborted, fence.isOpen()]).toEqual([true, false]);
  fence.openUntil(inTenSeconds(clock));
  expect([fence.signal.aborted, fence.isOpen()]).toEqual([false, true]);
});

test("a write may be carried out while it is in flight, and for 15 s where its end is not known", () => {
  const clock = new FakeClock();
  const fence = createWriteFence(clock);
  const [first, second] = [fence.began(), fence.began()];
  first("known");
  expect(fence.mayCommit()).toBe(true);
  second("unknown");
  clock.advance(14_999);
  expect(fence.mayCommit()).toBe(true);
  clock.advance(1);
  expect(fence.mayCommit()).toBe(false);
});

test.each([
  { answered: "well", error: undefined, may: false },
  { answered: "with a refusal", error: httpError(409), may: false },
  { answered: "by nothing", error: errorFromFailure("unavailable", "reset", true), may: true },
])("a fenced client tells the fence how a write ended: answered $answered", async ({ error, may }) => {
  const clock = new FakeClock();
  const fence = createWriteFence(clock);
  fence.openUntil(inTenSeconds(clock));
  const { client, calls } = scriptedClient();
  const write = fenceWrites(client, fence).call({ method: "PATCH", path: "/x" }, never);
  expect(fence.mayCommit()).toBe(true);
  if (error === undefined) await calls[0]?.answer({});
  else await calls[0]?.fail(error);
  await write;
  expect(fence.mayCommit()).toBe(may);
});

test("a fenced client reads at any time, and writes only while the fence is open", async () => {
  const clock = new FakeClock();
  const fence = createWriteFence(clock);
  const { client, calls } = scriptedClient();
  const fenced = fenceWrites(client, fence);
  const read = fenced.call({ method: "GET", path: "/x" }, never);
  await calls[0]?.answer({ a: 1 });
  expect(await read).toEqual(ok({ a: 1 }));

  expect(await fenced.call({ method: "PATCH", path: "/x" }, never)).toEqual(
    failed(errorFromFailure("aborted", undefined, false)),
  );
  expect(calls).toHaveLength(1);

  fence.openUntil(inTenSeconds(clock));
  const write = fenced.call({ method: "PATCH", path: "/x" }, never);
  expect(calls[1]?.call.maySend?.()).toBe(true);
  fence.close();
  expect(calls[1]?.call.maySend?.()).toBe(false);
  expect(await write).toMatchObject({ ok: false, error: { kind: "aborted" } });
});
