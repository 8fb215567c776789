// A name that leads where no connection may go is refused when it is resolved.

import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";
import { guardedLookup, REFUSED_ADDRESS } from "../../../../src/providers/http/guarded-lookup.ts";
import { testEgress } from "../../../support/test-egress.ts";

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

interface Answer {
  readonly code: string | undefined;
  readonly addresses: unknown;
}

function ask(resolved: readonly LookupAddress[] | Error, all = true): Promise<Answer> {
  const lookup = guardedLookup(testEgress(), (_name, _options, done) =>
    resolved instanceof Error ? done(resolved, undefined) : done(null, [...resolved]),
  );
  return new Promise((resolve) => {
    lookup("store.example", { all }, (error, addresses) => resolve({ code: error?.code, addresses }));
  });
}

test("a name with a good address is resolved", async () => {
  expect(await ask([v4("10.0.0.1")])).toEqual({ code: undefined, addresses: [v4("10.0.0.1")] });
  expect(await ask([v4("10.0.0.1"), v4("10.0.0.2")], false)).toEqual({ code: undefined, addresses: "10.0.0.1" });
});

test.each([
  { given: "a metadata address", resolved: [v4("169.254.169.254")] },
  { given: "one among good ones", resolved: [v4("10.0.0.1"), v4("169.254.169.254")] },
  { given: "a link-local IPv6 address", resolved: [{ address: "fe80::1%eth0", family: 6 }] },
])("a name that resolves to $given is refused", async ({ resolved }) => {
  expect((await ask(resolved)).code).toBe(REFUSED_ADDRESS);
  expect((await ask(resolved, false)).code).toBe(REFUSED_ADDRESS);
});

test("a name without an address, and one that cannot be asked for, say so", async () => {
  expect((await ask([])).code).toBe("ENOTFOUND");
  expect((await ask(Object.assign(new Error("again"), { code: "EAI_AGAIN" }))).code).toBe("EAI_AGAIN");
});

test("a name that the real resolver does not know is an error, and ends nothing", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  guardedLookup(testEgress())("store.invalid", { all: true }, (error) => resolve(error?.code));
  expect(await promise).toMatch(/^(ENOTFOUND|EAI_AGAIN|ENODATA|ESERVFAIL)$/);
});
