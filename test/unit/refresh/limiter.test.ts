// One store has one budget, whoever asks.

import { expect, test } from "vitest";
import { createLimiterPool } from "../../../src/refresh/limiter.ts";

const options = { maxInFlight: 1, requestsPerSecond: 1000 };
const NEVER = new AbortController().signal;

test("sessions of one store share its limit of requests in flight", async () => {
  const pool = createLimiterPool();
  const [first, second] = [pool.take("vault", options), pool.take("vault", options)];
  const gate = Promise.withResolvers<string>();
  const order: string[] = [];
  const held = first(async () => {
    order.push("first");
    return gate.promise;
  }, NEVER);
  const waiting = second(() => {
    order.push("second");
    return Promise.resolve("done");
  }, NEVER);
  await Promise.resolve();
  expect(order).toEqual(["first"]);
  gate.resolve("done");
  expect(await Promise.all([held, waiting])).toEqual(["done", "done"]);
});

test.each([
  { given: "the same options", next: { ...options }, isShared: true },
  { given: "other options", next: { ...options, maxInFlight: 2 }, isShared: false },
])("with $given the limiter is shared: $isShared", ({ next, isShared }) => {
  const pool = createLimiterPool();
  expect(pool.take("vault", options) === pool.take("vault", next)).toBe(isShared);
});

test("stores do not share a limiter, and a forgotten one is made anew", () => {
  const pool = createLimiterPool();
  const limiter = pool.take("vault", options);
  expect(pool.take("other", options)).not.toBe(limiter);
  pool.forget("vault");
  expect(pool.take("vault", options)).not.toBe(limiter);
});
