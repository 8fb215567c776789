import { expect, test } from "vitest";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import { transitionEvent } from "../../../../src/core/status/transition-event.ts";
import { at, failing, KEPT, ready, report, statusAfter, VERIFIED } from "./builders.ts";

const suspended = report({ ready: ready("Suspended"), entries: undefined, secret: KEPT });
const reworded = failing("AccessDenied", { ready: { reason: "AccessDenied", message: "other words", stalled: false } });

test.each([
  { given: "the first outcome, good", before: undefined, next: report(), then: ["Normal", "SecretSynced"] },
  { given: "the first outcome, bad", before: undefined, next: failing(), then: ["Warning", "AccessDenied"] },
  { given: "a failure", before: report(), next: failing(), then: ["Warning", "AccessDenied"] },
  { given: "another reason", before: failing(), next: failing("SecretNotFound"), then: ["Warning", "SecretNotFound"] },
  { given: "a recovery", before: failing(), next: report(), then: ["Normal", "SecretSynced"] },
  { given: "a suspension before the first sync", before: undefined, next: suspended, then: ["Normal", "Suspended"] },
] as const)(
  "transitionEvent: $given says $then in the words of the condition",
  ({ before, next, then: [type, reason] }) => {
    const previous = before === undefined ? undefined : statusAfter(before);
    expect(transitionEvent(previous, nextStatus(previous, next, at(1)))).toEqual({
      type,
      reason,
      message: `message of ${reason}`,
    });
  },
);

test.each([
  { given: "nothing changed", before: report(), next: report({ secret: VERIFIED }) },
  { given: "only the message changed", before: failing(), next: reworded },
  { given: "only the generation changed", before: failing(), next: failing("AccessDenied", { generation: 2 }) },
  { given: "only a revision was written", before: report(), next: report() },
  { given: "it is suspended and Ready keeps what it said", before: failing(), next: suspended },
])("transitionEvent: no Event when $given", ({ before, next }) => {
  const previous = statusAfter(before);
  expect(transitionEvent(previous, nextStatus(previous, next, at(1)))).toBeUndefined();
});

test("transitionEvent: a changed status is a transition whatever its reason", () => {
  const [before, after] = (["True", "False"] as const).map((status) => ({
    conditions: statusAfter(report()).conditions.map((each) => ({ ...each, status })),
  }));
  if (before === undefined || after === undefined) throw new Error("expected two");
  expect(transitionEvent(before, after)).toMatchObject({ type: "Warning", reason: "SecretSynced" });
});
