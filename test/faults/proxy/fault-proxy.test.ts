import { describe, expect, test } from "vitest";
import {
  ambiguousWrite,
  brokenJson,
  conflict409,
  htmlInsteadOfJson,
  neverAnswered,
  otherBody,
  redirectTo,
  slowLoris,
  tooManyRequests,
} from "./faults.ts";
import type { FaultProxy } from "./proxy-port.ts";
import { call, type Client, clientOf, protocols } from "./test-clients.ts";
import { gate, rule, SECRET, start } from "./test-setting.ts";

const BODY = "a body that is long enough to be cut";

describe.each(protocols)("calls over %s", (protocol) => {
  const connect = (proxy: FaultProxy): Client => clientOf(protocol, proxy);

  test("without rules a request passes with its method, query, body and token, and the answer comes whole", async () => {
    const { proxy, upstream } = await start();
    const headers = { authorization: "Bearer made-up", "content-type": "application/json" };
    const answer = await call(connect(proxy), { path: `${SECRET}?a=b%20c`, method: "PATCH", body: '{"x":1}', headers });
    expect(answer).toMatchObject({ status: 200, isWhole: true });
    expect(JSON.parse(answer.text)).toEqual({ method: "PATCH", url: `${SECRET}?a=b%20c`, body: '{"x":1}' });
    expect(upstream.seen[0]?.headers).toMatchObject(headers);
    expect(proxy.requests()).toMatchObject([{ order: 0, verb: "patch", resource: "secrets", serverStatus: 200 }]);
    expect(proxy.fired()).toEqual(new Map());
  });

  test.each([204, 304, 404, 500])("status %i of the server passes", async (status) => {
    const { proxy } = await start(({ response }) => void response.writeHead(status).end());
    expect(await call(connect(proxy), { path: SECRET })).toMatchObject({ status, text: "", isWhole: true });
  });

  test.each([
    { fault: conflict409(), status: 409, text: '"reason":"Conflict"' },
    { fault: tooManyRequests(30), status: 429, text: '"retryAfterSeconds":30' },
    { fault: htmlInsteadOfJson(), status: 200, text: "<html>" },
    { fault: redirectTo("https://elsewhere.invalid/"), status: 307, text: "" },
  ])("an answer in the server's place ($status, $text) never reaches the server", async ({ fault, status, text }) => {
    const { proxy, upstream } = await start();
    const active = proxy.add(rule(fault));
    const answer = await call(connect(proxy), { path: SECRET });
    expect(answer).toMatchObject({ status, isWhole: true });
    expect(answer.text).toContain(text);
    expect(upstream.seen).toEqual([]);
    expect(active).toMatchObject({ matched: 1, fired: 1 });
    expect(proxy.requests()).toMatchObject([{ serverStatus: undefined, faults: ["answer"] }]);
  });

  test("an answer may be made from the request", async () => {
    const { proxy } = await start();
    proxy.add(
      rule({ kind: "answer", answer: ({ name, body }) => ({ status: 418, body: `${name} ${body.toString()}` }) }),
    );
    const answer = await call(connect(proxy), { path: SECRET, method: "PUT", body: "hot" });
    expect(answer).toMatchObject({ status: 418, text: "db hot" });
  });

  test("cut before: the server sees nothing, the client no answer", async () => {
    const { proxy, upstream } = await start();
    proxy.add(rule({ kind: "cut", at: "before" }));
    await expect(call(connect(proxy), { path: SECRET })).rejects.toThrow();
    expect(upstream.seen).toEqual([]);
    expect(proxy.requests()).toMatchObject([{ serverStatus: undefined, faults: ["cut"] }]);
  });

  test("cut after: the server has done it, the client gets no answer, and may ask again", async () => {
    const { proxy, upstream } = await start();
    proxy.add(rule(ambiguousWrite(), { times: 1 }));
    const client = connect(proxy);
    await expect(call(client, { path: SECRET, method: "PATCH", body: "{}" })).rejects.toThrow();
    expect(upstream.seen).toHaveLength(1);
    expect(proxy.requests()).toMatchObject([{ serverStatus: 200, faults: ["cut"] }]);
    expect(await call(client, { path: SECRET })).toMatchObject({ status: 200, isWhole: true });
  });

  test.each([
    { fault: neverAnswered(), seen: 1 },
    { fault: { kind: "silence", at: "before" } as const, seen: 0 },
  ])("silence ($fault.at): no answer comes, others on the way get theirs", async ({ fault, seen }) => {
    const { proxy, upstream } = await start();
    const active = proxy.add(rule(fault, { when: ({ name }) => name === "db" }));
    const client = connect(proxy);
    let answered = false;
    const silent = client.open({ path: SECRET }).then(
      () => (answered = true),
      () => undefined,
    );
    await active.firedTimes(1);
    expect(await call(client, { path: `${SECRET}-2` })).toMatchObject({ status: 200 });
    expect(upstream.seen).toHaveLength(seen + 1);
    expect(answered).toBe(false);
    proxy.setLink("down");
    await silent;
    expect(answered).toBe(false);
  });

  test("hold before: the request goes on when the test says so", async () => {
    const { proxy, upstream } = await start();
    const { opened, open } = gate();
    const held = proxy.add(rule({ kind: "hold", at: "before", until: () => opened }));
    const answer = call(connect(proxy), { path: SECRET });
    await held.firedTimes(1);
    expect(upstream.seen).toEqual([]);
    open();
    expect(await answer).toMatchObject({ status: 200, isWhole: true });
  });

  test("hold after: the server has answered before the test is asked", async () => {
    const { proxy, upstream } = await start();
    const statuses: unknown[] = [];
    const until = (): Promise<void> => {
      statuses.push(proxy.requests()[0]?.serverStatus, upstream.seen.length);
      return Promise.resolve();
    };
    proxy.add(rule({ kind: "hold", at: "after", until }));
    expect(await call(connect(proxy), { path: SECRET })).toMatchObject({ status: 200 });
    expect(statuses).toEqual([200, 1]);
  });

  test("a request whose client goes away while it is held for ever never reaches the server", async () => {
    const { proxy, upstream } = await start();
    const held = proxy.add(rule({ kind: "hold", at: "before", until: () => gate().opened }, { times: 1 }));
    const client = connect(proxy);
    const gone = expect(client.open({ path: SECRET })).rejects.toThrow();
    await held.firedTimes(1);
    proxy.setLink("down");
    await gone;
    proxy.setLink("open");
    await call(client, { path: `${SECRET}-2` });
    expect(upstream.seen.map(({ url }) => url)).toEqual([`${SECRET}-2`]);
  });

  test("a client that goes away while the server thinks takes its request with it", async () => {
    const aborted = gate();
    const { proxy, upstream } = await start(({ response }) => response.on("close", aborted.open));
    const asked = upstream.next();
    const gone = expect(connect(proxy).open({ path: SECRET })).rejects.toThrow();
    await asked;
    proxy.setLink("down");
    await Promise.all([gone, aborted.opened]);
  });

  test("delays add up with what follows them", async () => {
    const { proxy } = await start();
    proxy.add(rule({ kind: "delay", at: "before", delayMs: 5 }));
    proxy.add(rule({ kind: "delay", at: "after", delayMs: 5 }));
    proxy.add(rule(otherBody("{}")));
    const answer = await call(connect(proxy), { path: SECRET });
    expect(answer).toMatchObject({ status: 200, text: "{}" });
    expect(proxy.fired()).toEqual(
      new Map([
        ["delay", 2],
        ["rewrite", 1],
      ]),
    );
  });

  test("a body that is cut off arrives up to there, and is not whole", async () => {
    const { proxy } = await start(({ response }) => response.end(BODY));
    proxy.add(rule({ kind: "cutBody", afterBytes: 7 }));
    expect(await call(connect(proxy), { path: SECRET })).toEqual(
      expect.objectContaining({ status: 200, text: BODY.slice(0, 7), isWhole: false }),
    );
  });

  test("broken JSON is whole as an answer", async () => {
    const { proxy } = await start();
    proxy.add(rule(brokenJson()));
    const answer = await call(connect(proxy), { path: SECRET });
    expect(answer).toMatchObject({ status: 200, isWhole: true });
    expect(() => JSON.parse(answer.text) as unknown).toThrow();
  });

  test("a slow loris sends everything, piece by piece", async () => {
    const { proxy } = await start(({ response }) => response.end(BODY));
    proxy.add(rule(slowLoris(3, 1)));
    expect(await call(connect(proxy), { path: SECRET })).toMatchObject({ status: 200, text: BODY, isWhole: true });
  });

  test("a server that cuts its answer off, or is gone, gives the client no answer", async () => {
    const { proxy } = await start(({ response }) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      response.destroy();
    });
    await expect(call(connect(proxy), { path: SECRET })).rejects.toThrow();
  });

  test("rules strike from their first match on, so often, and not once they are removed", async () => {
    const { proxy } = await start();
    const second = proxy.add({ ...rule(conflict409(), { from: 2, times: 2 }), name: "second and third" });
    const client = connect(proxy);
    const statuses: number[] = [];
    for (let round = 0; round < 4; round += 1) statuses.push((await call(client, { path: SECRET })).status);
    expect(statuses).toEqual([200, 409, 409, 200]);
    expect(second).toMatchObject({ matched: 4, fired: 2 });
    const removed = proxy.add(rule(tooManyRequests()));
    removed.remove();
    expect(await call(client, { path: SECRET })).toMatchObject({ status: 200 });
    expect(proxy.fired()).toEqual(new Map([["second and third", 2]]));
    proxy.clear();
    expect(proxy.fired()).toEqual(new Map());
  });

  test("the first rule that strikes decides, and those behind it do not see the request", async () => {
    const { proxy } = await start();
    proxy.add(rule(conflict409(), { times: 1 }));
    const behind = proxy.add(rule(tooManyRequests()));
    const client = connect(proxy);
    expect(await call(client, { path: SECRET })).toMatchObject({ status: 409 });
    expect(behind.matched).toBe(0);
    expect(await call(client, { path: SECRET })).toMatchObject({ status: 429 });
  });

  test("a rule that throws resets its request, and is told of when the proxy closes", async () => {
    const { proxy } = await start();
    const answer = (): never => {
      throw new Error("a mistake");
    };
    proxy.add(rule({ kind: "rewrite", answer }));
    await expect(call(connect(proxy), { path: SECRET })).rejects.toThrow();
    await expect(proxy.close()).rejects.toThrow("1 times a rule threw");
  });

  test("many requests share few connections, and the log keeps their order", async () => {
    const { proxy } = await start();
    const client = connect(proxy);
    for (let count = 0; count < 20; count += 1) await call(client, { path: `${SECRET}-${count}` });
    expect(proxy.connections).toBe(1);
    expect(proxy.requests().map(({ order, name }) => [order, name])).toEqual(
      Array.from({ length: 20 }, (_, order) => [order, `db-${order}`]),
    );
  });
});

test("an answer of another length than the real one leaves an HTTP/1.1 connection in step", async () => {
  const { proxy } = await start();
  proxy.add(rule(otherBody({ more: BODY.repeat(10) }), { times: 1 }));
  const client = clientOf("HTTP/1.1", proxy);
  expect(JSON.parse((await call(client, { path: SECRET })).text)).toEqual({ more: BODY.repeat(10) });
  expect(await call(client, { path: SECRET })).toMatchObject({ isWhole: true });
  expect(proxy.connections).toBe(1);
});
