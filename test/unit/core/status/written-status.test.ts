import { expect, test } from "vitest";
import { currentStatus } from "../../../../src/core/status/written-status.ts";

const cached = (resourceVersion: string) => ({ meta: { resourceVersion }, status: "cached" });

test.each([
  { given: "we wrote nothing", version: "10", written: undefined, then: "cached" },
  { given: "the cache is behind our write", version: "9", written: "10", then: "written" },
  { given: "the cache shows what our write was based on", version: "8", written: "10", then: "written" },
  { given: "the cache went back to another past", version: "7", written: "10", then: "cached" },
  { given: "the cache shows our write", version: "10", written: "10", then: "cached" },
  { given: "the cache is ahead", version: "11", written: "10", then: "cached" },
])("currentStatus: when $given, what is $then counts", ({ version, written, then }) => {
  const last = written === undefined ? undefined : { status: "written", basedOn: "8", resourceVersion: written };
  expect(currentStatus(cached(version), last)).toBe(then);
});
