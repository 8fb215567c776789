// The life of a token: one login for all, renewal, replacement, the check of a denial, revocation. Against the stub
// Vault, with a clock that only the test moves.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { remoteRefId, type SecretProvider } from "../../../../src/core/provider/port.ts";
import { silence } from "../../../support/stub-vault.ts";
import { VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;
const LOGIN = "auth/kubernetes/login";
const RENEW = "auth/token/renew-self";
const REVOKE = "auth/token/revoke-self";
const HOUR_MS = 3600 * 1000;

let rig: VaultRig;
let provider: SecretProvider;
beforeEach(async () => {
  rig = await VaultRig.start();
  rig.stub.kv().put("app/db", { password: "p1" });
  provider = rig.provider();
});
afterEach(() => rig.close());

async function read(key = "app/db", signal = NEVER) {
  const ref = { key, version: undefined, metadataPolicy: "None" } as const;
  const answer = (await provider.readSecrets([ref], signal)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? "ok" : answer.error.kind;
}

describe("login", () => {
  test("ten reads at once and ten after each other log in once", async () => {
    await Promise.all(Array.from({ length: 10 }, () => read()));
    for (let count = 0; count < 10; count += 1) await read();
    expect(rig.stub.count(LOGIN)).toBe(1);
  });

  test("one caller that gives up does not end the login of the others", async () => {
    let answer: () => void = () => undefined;
    rig.stub.faults.set(LOGIN, (response) => {
      answer = () => response.end('{"auth":{"client_token":"hvs.late","lease_duration":60,"renewable":false}}');
    });
    rig.stub.tokens.set("hvs.late", { ttlSeconds: 60, isRenewable: false });
    const impatient = new AbortController();
    const arrival = rig.stub.arrival(LOGIN);
    const first = read("app/db", impatient.signal);
    const second = read();
    await arrival;
    impatient.abort();
    expect(await first).toBe("unavailable");
    answer();
    expect(await second).toBe("ok");
    expect(rig.stub.count(LOGIN)).toBe(1);
  });

  test("a failed login is tried again by the next call", async () => {
    rig.stub.login.isRefused = true;
    expect(await read()).toBe("unauthenticated");
    rig.stub.login.isRefused = false;
    expect(await read()).toBe("ok");
  });

  test("a login that gets no answer is unavailable", async () => {
    rig.stub.faults.set(LOGIN, silence);
    const arrival = rig.stub.arrival(LOGIN);
    const outcome = read();
    await arrival;
    rig.clock.advance(10_000);
    expect(await outcome).toBe("unavailable");
  });
});

describe("renewal", () => {
  test("a renewable token is renewed at about two thirds of its life, again and again", async () => {
    await read();
    for (let renewals = 1; renewals <= 5; renewals += 1) {
      expect(rig.clock.pendingMs()).toEqual([0.65 * HOUR_MS]);
      const arrival = rig.stub.arrival(RENEW);
      rig.clock.advance(0.65 * HOUR_MS);
      await arrival;
      await read();
      await settled(() => rig.clock.pendingMs().length === 1);
    }
    expect([rig.stub.count(LOGIN), rig.stub.count(RENEW)]).toEqual([1, 5]);
  });

  test("a token that cannot be renewed is replaced before it ends, and the old one revoked", async () => {
    rig.stub.login.isRenewable = false;
    await read();
    const arrival = rig.stub.arrival(REVOKE);
    rig.clock.advance(0.65 * HOUR_MS);
    await arrival;
    expect([rig.stub.count(LOGIN), rig.stub.count(RENEW)]).toEqual([2, 0]);
    await settled(() => [...rig.stub.tokens.keys()].join() === "hvs.token-2");
  });

  test("a renewal near the maximum is followed by a login, not by ever shorter renewals", async () => {
    await read();
    rig.stub.renewalSeconds = 600;
    const renewal = rig.stub.arrival(RENEW);
    rig.clock.advance(0.65 * HOUR_MS);
    await renewal;
    await settled(() => rig.clock.pendingMs()[0] === 0.65 * 600_000);
    const login = rig.stub.arrival(LOGIN);
    rig.clock.advance(0.65 * 600_000);
    await login;
    expect(rig.stub.count(RENEW)).toBe(1);
  });

  test("while neither renewal nor login works, the token serves until its end, and tries go on", async () => {
    await read();
    rig.stub.login.isRefused = true;
    rig.stub.faults.set(RENEW, (response) => response.writeHead(500).end("{}"));
    const login = rig.stub.arrival(LOGIN);
    rig.clock.advance(0.65 * HOUR_MS);
    await login;
    await settled(() => rig.logLines.some((line) => line.includes("Could not replace")));
    expect(await read()).toBe("ok");
    expect(rig.clock.pendingMs()).toEqual([(0.35 * HOUR_MS - 1000) / 2]);
    rig.stub.login.isRefused = false;
    rig.stub.faults.clear();
    const renewal = rig.stub.arrival(RENEW);
    rig.clock.advance((0.35 * HOUR_MS - 1000) / 2);
    await renewal;
  });

  test("the tries end when the token does, and the next read logs in", async () => {
    await read();
    rig.stub.login.isRefused = true;
    rig.stub.faults.set(RENEW, (response) => response.writeHead(500).end("{}"));
    let tries = 0;
    for (let [waitMs] = rig.clock.pendingMs(); waitMs !== undefined; [waitMs] = rig.clock.pendingMs()) {
      const login = rig.stub.arrival(LOGIN);
      rig.clock.advance(waitMs);
      await login;
      tries += 1;
      await settled(() => rig.logLines.length === tries);
    }
    expect(rig.clock.monotonicMs()).toBeGreaterThan(HOUR_MS - 1000);
    expect(tries).toBeLessThan(15);
    expect(rig.clock.pendingMs()).toEqual([]);
    rig.stub.login.isRefused = false;
    expect(await read()).toBe("ok");
  });

  test("the shortest life is renewed before it counts as over", async () => {
    rig.stub.login.ttlSeconds = 1;
    await read();
    const arrival = rig.stub.arrival(RENEW);
    rig.clock.advance(650);
    expect(await read()).toBe("ok");
    await arrival;
    expect(rig.stub.count(LOGIN)).toBe(1);
  });

  test("a token past its end is never used", async () => {
    await read();
    rig.stub.faults.set(RENEW, silence);
    rig.clock.advance(HOUR_MS);
    expect(await read()).toBe("ok");
    expect(rig.stub.requests.at(-1)?.token).toBe("hvs.token-2");
  });

  test("a token without an end sets no timer", async () => {
    rig.stub.login.ttlSeconds = 0;
    await read();
    expect(rig.clock.pendingMs()).toEqual([]);
    rig.clock.advance(1000 * HOUR_MS);
    expect(await read()).toBe("ok");
    expect(rig.stub.count(LOGIN)).toBe(1);
  });
});

describe("a denial", () => {
  test("by a dead token is cured by a new login", async () => {
    await read();
    rig.stub.tokens.clear();
    expect(await read()).toBe("ok");
    expect(rig.stub.count(LOGIN)).toBe(2);
  });

  test("counts after one new login, and within the minute at once", async () => {
    await read();
    rig.stub.denied.add("kv/data/app/locked");
    const kinds = await Promise.all(Array.from({ length: 5 }, () => read("app/locked")));
    expect(new Set(kinds)).toEqual(new Set(["accessDenied"]));
    rig.clock.advance(59_999);
    expect(await read("app/locked")).toBe("accessDenied");
    expect(rig.stub.count(LOGIN)).toBe(2);
    rig.clock.advance(1);
    expect(await read("app/locked")).toBe("accessDenied");
    expect(rig.stub.count(LOGIN)).toBe(3);
  });

  test("leaves one token only", async () => {
    await read();
    rig.stub.denied.add("kv/data/app/locked");
    await read("app/locked");
    await settled(() => rig.stub.tokens.size === 1);
    expect(await read()).toBe("ok");
  });

  test("whose check is refused is unauthenticated each time, until logins work again", async () => {
    await read();
    rig.stub.tokens.clear();
    rig.stub.login.isRefused = true;
    expect([await read(), await read()]).toEqual(["unauthenticated", "unauthenticated"]);
    rig.stub.login.isRefused = false;
    expect(await read()).toBe("ok");
  });

  test("by something before Vault is not checked at all", async () => {
    await read();
    rig.stub.faults.set("kv/data/app/db", (response) => response.writeHead(403).end("<html>"));
    expect(await read()).toBe("unavailable");
    expect(rig.stub.count(LOGIN)).toBe(1);
  });
});

describe("close", () => {
  test("revokes the token and leaves no timer", async () => {
    await read();
    await provider.close();
    expect([rig.stub.tokens.size, rig.clock.pendingMs()]).toEqual([0, []]);
    expect(await read()).toBe("unavailable");
    await provider.close();
    expect(rig.stub.count(REVOKE)).toBe(1);
  });

  test("without a login asks nothing", async () => {
    await provider.close();
    expect(rig.stub.requests).toEqual([]);
  });

  test("waits for a login under way, and revokes what it gave", async () => {
    let answer: () => void = () => undefined;
    rig.stub.faults.set(LOGIN, (response) => {
      answer = () => response.end('{"auth":{"client_token":"hvs.late","lease_duration":60,"renewable":true}}');
    });
    rig.stub.tokens.set("hvs.late", { ttlSeconds: 60, isRenewable: true });
    const arrival = rig.stub.arrival(LOGIN);
    const reading = read();
    await arrival;
    const closing = provider.close();
    answer();
    await closing;
    expect(await reading).toBe("unavailable");
    expect(rig.stub.tokens.has("hvs.late")).toBe(false);
    expect(rig.clock.pendingMs()).toEqual([]);
  });

  test("gives up on a silent Vault after 3 s, and reads under way end", async () => {
    await read();
    rig.stub.faults.set("*", silence);
    const arrival = rig.stub.arrival("kv/data/app/db");
    const reading = read();
    await arrival;
    const revocation = rig.stub.arrival(REVOKE);
    const closing = provider.close();
    await revocation;
    rig.clock.advance(3_000);
    await closing;
    expect(await reading).toBe("unavailable");
    expect(rig.clock.pendingMs()).toEqual([]);
  });

  test("does not try to revoke a batch token", async () => {
    rig.stub.login.type = "batch";
    rig.stub.login.isRenewable = false;
    await read();
    await provider.close();
    expect(rig.stub.count(REVOKE)).toBe(0);
  });
});

/** Lets what is under way go on until `condition` holds; the test's own deadline bounds it. */
async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
