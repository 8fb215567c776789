import { describe, expect, test } from "vitest";
import { createCallSlots } from "../../../src/kubernetes/call-slots.ts";
import { settle } from "../../support/scripted-client.ts";

const NEVER = new AbortController().signal;

function recorder(limit: number) {
  const slots = createCallSlots(limit);
  const given: string[] = [];
  const take = (name: string, signal = NEVER): void =>
    void slots.take(signal).then((isGiven) => given.push(isGiven ? name : `${name} gave up`));
  return { slots, given, take };
}

describe("createCallSlots", () => {
  test("lets so many through at once, and the others in the order of their coming", async () => {
    const { slots, given, take } = recorder(2);
    for (const name of ["a", "b", "c", "d"]) take(name);
    await settle();
    expect(given).toEqual(["a", "b"]);
    slots.free();
    slots.free();
    slots.free();
    await settle();
    expect(given).toEqual(["a", "b", "c", "d"]);
    take("e");
    await settle();
    expect(given).toHaveLength(5);
    take("f");
    await settle();
    expect(given).toHaveLength(5);
  });

  test("leaves out who gave up while waiting, or before", async () => {
    const { slots, given, take } = recorder(1);
    const caller = new AbortController();
    take("a");
    take("b", caller.signal);
    take("c");
    caller.abort();
    take("d", caller.signal);
    slots.free();
    await settle();
    expect(given).toEqual(["a", "b gave up", "d gave up", "c"]);
  });
});
