import { describe, expect, test } from "vitest";
import { failed, ok, type Result } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { CurrentCredentials } from "../../../src/kubernetes/credential-cache.ts";
import type { HttpFailure, HttpRequest, HttpResponse } from "../../../src/kubernetes/http-exchange.ts";
import { createCaller } from "../../../src/kubernetes/rest-call.ts";
import type { ApiCall } from "../../../src/kubernetes/rest-client.ts";
import { FakeClock } from "../../support/fake-clock.ts";

type Answer = Result<HttpResponse, HttpFailure>;

const answer = (status: number, body: unknown = {}, retryAfterMs?: number): Answer =>
  ok({ status, retryAfterMs, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) });
const broken = (failure: HttpFailure["failure"], sent: boolean): Answer => failed({ failure, sent });

const credentialsWith = (token: string): CurrentCredentials => ({
  credentials: { caPem: undefined, clientCertificate: undefined, bearerToken: SecretValue.ofUtf8(token) },
  tlsGeneration: 1,
});

const GET: ApiCall = { method: "GET", path: "/x" };
const PATCH: ApiCall = { method: "PATCH", path: "/x", body: { a: 1 }, contentType: "application/merge-patch+json" };
const NEVER = new AbortController().signal;

/** A caller over scripted answers; a missing answer hangs until the signal fires. Each pause is skipped by moving the clock. */
function callerOver(answers: Answer[], tokens: string[] = ["t"]) {
  const clock = new FakeClock();
  const requests: HttpRequest[] = [];
  const counted: string[] = [];
  let idleDrops = 0;
  const call = createCaller({
    clock,
    userAgent: "fairlead/test",
    limits: { callDeadlineMs: 30_000 },
    onRequest: (method, code) => counted.push(`${method} ${code}`),
    credentials: {
      current: () => Promise.resolve(ok(credentialsWith(tokens[0] ?? "none"))),
      refused: () => void tokens.shift(),
    },
    transport: {
      async send(request, _credentials, signal) {
        requests.push(request);
        const next = answers.shift();
        if (next !== undefined) return next;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        return broken("reset", true);
      },
      dropIdle: () => void (idleDrops += 1),
      cutSilent: () => undefined,
      close: () => undefined,
    },
  });
  return { call, clock, requests, counted, idleDrops: () => idleDrops };
}

/** Lets everything that is ready run; promises only, no time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}

describe("createCaller", () => {
  test("sends path, query, headers and body", async () => {
    const { call, requests } = callerOver([answer(200, { kind: "Secret" })]);
    const result = await call(
      { ...PATCH, query: { fieldManager: "a b", dryRun: undefined, force: true, limit: 5 } },
      NEVER,
    );
    expect(result).toEqual({ ok: true, value: { kind: "Secret" } });
    expect(requests).toEqual([
      {
        method: "PATCH",
        path: "/x?fieldManager=a+b&force=true&limit=5",
        headers: {
          accept: "application/json",
          authorization: "Bearer t",
          "user-agent": "fairlead/test",
          "content-type": "application/merge-patch+json",
          "content-length": "7",
        },
        body: '{"a":1}',
      },
    ]);
  });

  test("gives undefined for an answer without a body", async () => {
    expect(await callerOver([answer(200, "")]).call(GET, NEVER)).toEqual({ ok: true, value: undefined });
  });

  test.each([
    { given: "a 429", status: 429 },
    { given: "a 503", status: 503 },
  ])("repeats a write after $given with Retry-After, when the time has come", async ({ status }) => {
    const { call, clock, requests, counted } = callerOver([answer(status, {}, 2_000), answer(200)]);
    const result = call(PATCH, NEVER);
    await settle();
    clock.advance(1_999);
    await settle();
    expect(requests).toHaveLength(1);
    clock.advance(1);
    expect(await result).toMatchObject({ ok: true });
    expect(counted).toEqual([`PATCH ${status}`, "PATCH 200"]);
    expect(clock.pendingMs()).toEqual([]);
  });

  test.each([
    { given: "a 429 without Retry-After", first: answer(429) },
    { given: "a 429 that asks for more than the deadline leaves", first: answer(429, {}, 30_000) },
    { given: "a 500 with Retry-After", first: answer(500, {}, 1_000) },
    { given: "a 409", first: answer(409, {}, 1_000) },
    { given: "a cut connection", first: broken("reset", true) },
    { given: "no connection", first: broken("connect", false) },
    { given: "an answer that is no JSON", first: answer(200, "<html>") },
  ])("does not repeat after $given", async ({ first }) => {
    const { call, requests } = callerOver([first, answer(200)]);
    expect(await call(PATCH, NEVER)).toMatchObject({ ok: false });
    expect(requests).toHaveLength(1);
  });

  test("gives up after ten repeats, and a Retry-After of 0 is no hot loop", async () => {
    const { call, clock, requests } = callerOver(Array.from({ length: 20 }, () => answer(429, {}, 0)));
    const result = call(GET, NEVER);
    for (let i = 0; i < 30; i += 1) {
      await settle();
      clock.advance(100);
    }
    expect(await result).toMatchObject({ ok: false, error: { kind: "throttled" } });
    expect(requests).toHaveLength(11);
  });

  test.each([
    { given: "fresh credentials", tokens: ["old", "new"], sent: ["Bearer old", "Bearer new"] },
    { given: "the same credentials", tokens: ["old", "old"], sent: ["Bearer old"] },
  ])("after a 401 with $given sends $sent", async ({ tokens, sent }) => {
    const { call, requests } = callerOver([answer(401), answer(200)], tokens);
    await call(PATCH, NEVER);
    expect(requests.map((request) => request.headers["authorization"])).toEqual(sent);
  });

  test("ends at the deadline, distrusts idle connections, and leaves no timer", async () => {
    const { call, clock, idleDrops } = callerOver([]);
    const result = call({ ...GET, deadlineMs: 5_000 }, NEVER);
    await settle();
    clock.advance(5_000);
    expect(await result).toMatchObject({
      ok: false,
      error: { kind: "unavailable", failure: "deadline", ambiguous: false },
    });
    expect([idleDrops(), clock.pendingMs()]).toEqual([1, []]);
  });

  test("ends as aborted when the caller gives up", async () => {
    const { call, clock } = callerOver([]);
    const caller = new AbortController();
    const result = call(PATCH, caller.signal);
    await settle();
    caller.abort();
    expect(await result).toMatchObject({ ok: false, error: { kind: "aborted", ambiguous: true } });
    expect(clock.pendingMs()).toEqual([]);
  });

  test("sends nothing when the caller had given up before", async () => {
    const { call, requests } = callerOver([answer(200)]);
    expect(await call(PATCH, AbortSignal.abort())).toMatchObject({
      ok: false,
      error: { kind: "aborted", ambiguous: false },
    });
    expect(requests).toEqual([]);
  });

  test.each([
    { given: "a write cut after it was sent", call: PATCH, first: broken("reset", true), ambiguous: true },
    { given: "a write that never left", call: PATCH, first: broken("connect", false), ambiguous: false },
    { given: "a read cut after it was sent", call: GET, first: broken("reset", true), ambiguous: false },
    { given: "a write answered with HTML", call: PATCH, first: answer(200, "<html>"), ambiguous: true },
    { given: "a write answered with 504", call: PATCH, first: answer(504), ambiguous: true },
  ])("$given: ambiguous $ambiguous", async ({ call: request, first, ambiguous }) => {
    expect(await callerOver([first]).call(request, NEVER)).toMatchObject({ ok: false, error: { ambiguous } });
  });

  test("counts a request without an answer as an error", async () => {
    const { call, counted } = callerOver([broken("connect", false)]);
    await call(GET, NEVER);
    expect(counted).toEqual(["GET <error>"]);
  });
});
