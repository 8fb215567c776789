import { describe, expect, test } from "vitest";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { Connection, Credentials } from "../../../src/kubernetes/connection.ts";
import { createCredentialCache } from "../../../src/kubernetes/credential-cache.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const withToken = (token: string, caPem = "ca"): Credentials => ({
  caPem,
  clientCertificate: undefined,
  bearerToken: SecretValue.ofUtf8(token),
});

function cacheOver(load: (after: string) => Promise<Credentials>) {
  const clock = new FakeClock();
  const loads: string[] = [];
  const connection: Connection = {
    serverUrl: "https://server",
    tlsServerName: undefined,
    namespace: undefined,
    inCluster: false,
    loadCredentials(after) {
      loads.push(after);
      return load(after);
    },
  };
  const cache = createCredentialCache(connection, clock);
  const token = async (): Promise<string> => {
    const current = await cache.current();
    return current.ok ? (current.value.credentials.bearerToken?.revealUtf8() ?? "none") : current.error;
  };
  return { cache, clock, loads, token };
}

describe("createCredentialCache", () => {
  test("reads once for a minute, then anew", async () => {
    let version = 1;
    const { clock, loads, token } = cacheOver(() => Promise.resolve(withToken(`t${version++}`)));
    expect([await token(), await token()]).toEqual(["t1", "t1"]);
    clock.advance(59_999);
    expect(await token()).toBe("t1");
    clock.advance(1);
    expect(await token()).toBe("t2");
    expect(loads).toEqual(["start", "age"]);
  });

  test("callers at the same time share one read", async () => {
    const { loads, token } = cacheOver(() => Promise.resolve(withToken("t")));
    await Promise.all([token(), token(), token()]);
    expect(loads).toEqual(["start"]);
  });

  test("reads at once after a refusal, but not more than once a second", async () => {
    const { cache, clock, loads, token } = cacheOver(() => Promise.resolve(withToken("t")));
    await token();
    cache.refused();
    await token();
    expect(loads).toEqual(["start"]);
    clock.advance(1_000);
    await token();
    expect(loads).toEqual(["start", "unauthorized"]);
    clock.advance(30_000);
    await token();
    expect(loads).toHaveLength(2);
  });

  test("keeps using what it has while nothing can be read, and tries again", async () => {
    const answers = [
      Promise.resolve(withToken("t1")),
      Promise.reject(new Error("torn")),
      Promise.resolve(withToken("t2")),
    ];
    answers[1]?.catch(() => undefined);
    const { clock, token } = cacheOver(() => answers.shift() ?? Promise.reject(new Error("none")));
    expect(await token()).toBe("t1");
    clock.advance(60_000);
    expect(await token()).toBe("t1");
    clock.advance(60_000);
    expect(await token()).toBe("t2");
  });

  test("fails while nothing was ever read, and heals", async () => {
    const answers = [Promise.reject<Credentials>(new Error("absent")), Promise.resolve(withToken("t"))];
    answers[0]?.catch(() => undefined);
    const { token } = cacheOver(() => answers.shift() ?? Promise.reject(new Error("none")));
    expect(await token()).toBe("unreadable");
    expect(await token()).toBe("t");
  });

  test("gives up a read that hangs", async () => {
    const { clock, token } = cacheOver(() => new Promise(() => undefined));
    const reading = token();
    clock.advance(15_000);
    expect(await reading).toBe("unreadable");
    expect(clock.pendingMs()).toEqual([]);
  });

  test.each([
    { changed: "the token only", next: withToken("t2"), generation: 1 },
    { changed: "the CA", next: withToken("t1", "ca2"), generation: 2 },
    {
      changed: "the client certificate",
      next: { ...withToken("t1"), clientCertificate: { certPem: "c", keyPem: SecretValue.ofUtf8("k") } },
      generation: 2,
    },
  ])("when $changed changed, the TLS generation is $generation", async ({ next, generation }) => {
    const answers = [withToken("t1"), next];
    const { cache, clock } = cacheOver(() => Promise.resolve(answers.shift() ?? next));
    await cache.current();
    clock.advance(60_000);
    expect(await cache.current()).toMatchObject({ ok: true, value: { tlsGeneration: generation } });
  });
});
