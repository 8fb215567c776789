// The one token that a store's requests share: made once for all who wait, replaced in time, and after a refusal once.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AzureRig, NEVER, refTo, TOKEN_SECONDS, valueOf } from "../../../support/azure-rig.ts";

let rig: AzureRig;
beforeEach(async () => {
  rig = await AzureRig.start();
  rig.putSecret("app", "canary-value");
});
afterEach(() => rig.close());

/** Lets what was started in the background come to its end. */
async function untilLogins(count: number): Promise<void> {
  while (rig.logins.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test("a hundred parallel reads make one login", async () => {
  for (let index = 0; index < 100; index += 1) rig.putSecret(`app-${index}`, `v-${index}`);
  const refs = Array.from({ length: 100 }, (_, index) => refTo(`app-${index}`));
  const answers = await rig.provider().readSecrets(refs, NEVER);
  expect([...answers.values()].every((answer) => answer.ok)).toBe(true);
  expect(rig.loginCount).toBe(1);
});

test("every request, those of logins too, passes the limiter once and is told once", async () => {
  const provider = rig.provider();
  await valueOf(provider, refTo("app"));
  await valueOf(provider, refTo("none"));
  await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER);
  const sent = rig.cloud.entra.server.calls.length + rig.cloud.vault.server.calls.length;
  expect([rig.limited, rig.requestFacts.length]).toEqual([sent, sent]);
});

describe("the token", () => {
  test("is replaced while it serves: nobody waits, and a failed try costs nothing", async () => {
    const provider = rig.provider();
    await valueOf(provider, refTo("app"));
    rig.clock.advance(TOKEN_SECONDS * 800);
    rig.cloud.entra.refusal = { status: 503 };
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
    await untilLogins(2);
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
    expect(rig.logins).toEqual(["ok", "unavailable"]);
    rig.cloud.entra.refusal = undefined;
    rig.clock.advance(30_000);
    await valueOf(provider, refTo("app"));
    await untilLogins(3);
    rig.clock.advance(TOKEN_SECONDS * 300);
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
    expect(rig.logins).toEqual(["ok", "unavailable", "ok"]);
  });

  test("is not used at its end", async () => {
    const provider = rig.provider();
    await valueOf(provider, refTo("app"));
    rig.clock.advance(TOKEN_SECONDS * 1000 - 1_000);
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
    expect(rig.cloud.vault.server.calls.map(({ headers }) => headers.authorization)).toHaveLength(2);
    expect(new Set(rig.cloud.vault.server.calls.map(({ headers }) => headers.authorization)).size).toBe(2);
  });

  test("that the vault refuses is replaced once", async () => {
    const provider = rig.provider();
    await valueOf(provider, refTo("app"));
    rig.cloud.entra.endTokens();
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
    expect(rig.loginCount).toBe(2);
  });

  test("never makes a loop of challenges: two requests, one new login, then unauthenticated", async () => {
    const provider = rig.provider();
    await valueOf(provider, refTo("app"));
    const before = rig.cloud.vault.server.calls.length;
    rig.cloud.vault.server.faults.set("/secrets/app/", (response) =>
      response
        .writeHead(401, {
          "Content-Type": "application/json",
          "WWW-Authenticate": `Bearer authorization="${rig.cloud.entra.authority}/${rig.cloud.tenantId}", resource="https://localhost"`,
        })
        .end('{"error":{"code":"Unauthorized","message":"vendor-text-canary"}}'),
    );
    expect(await valueOf(provider, refTo("app"))).toBe("unauthenticated");
    expect(rig.cloud.vault.server.calls.length - before).toBe(2);
    expect(rig.loginCount).toBe(2);
    rig.cloud.vault.server.faults.clear();
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
  });

  test("refused logins are unauthenticated, and reading goes on once they are accepted again", async () => {
    const provider = rig.provider();
    await valueOf(provider, refTo("app"));
    rig.cloud.entra.endTokens();
    rig.cloud.entra.refusal = { status: 401, body: { error: "invalid_client", error_codes: [7000222] } };
    expect(await valueOf(provider, refTo("app"))).toBe("unauthenticated");
    expect(await provider.validate(NEVER)).toMatchObject({
      error: { kind: "unauthenticated", detail: "the client secret has expired (HTTP 401)" },
    });
    rig.cloud.entra.refusal = undefined;
    expect(await valueOf(provider, refTo("app"))).toBe("canary-value");
  });
});

describe("a challenge that the store can never meet is an error, and no new login is made", () => {
  test.each([
    {
      challenge: { tenantId: "00000000-1111-2222-3333-444444444444" },
      told: /the vault belongs to tenant 00000000-1111/,
    },
    { challenge: { resource: "https://graph.example.com" }, told: /another service than the Key Vault/ },
  ])("$challenge", async ({ challenge, told }) => {
    rig.cloud.vault.challenge = challenge;
    const provider = rig.provider();
    await valueOf(provider, refTo("app"));
    rig.cloud.entra.endTokens();
    const answer = await provider.validate(NEVER);
    expect(answer).toMatchObject({ ok: false, error: { kind: "unauthenticated" } });
    expect(answer.ok || answer.error.detail).toMatch(told);
    expect(rig.loginCount).toBe(1);
  });
});

test("a caller that gives up ends its own wait, not the login that others wait for", async () => {
  const provider = rig.provider();
  const path = `/${rig.cloud.tenantId}/v2.0/.well-known/openid-configuration`;
  const arrival = rig.cloud.entra.server.arrival(path);
  const caller = new AbortController();
  const given = valueOf(provider, refTo("app"), caller.signal);
  const other = valueOf(provider, refTo("app"));
  await arrival;
  caller.abort();
  expect(await given).toBe("unavailable");
  expect(await other).toBe("canary-value");
  expect(rig.loginCount).toBe(1);
});

test("a closed provider answers unavailable, and sends nothing", async () => {
  const provider = rig.provider();
  await valueOf(provider, refTo("app"));
  await provider.close();
  const before = rig.cloud.vault.server.calls.length;
  expect(await valueOf(provider, refTo("app"))).toBe("unavailable");
  expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  expect(rig.cloud.vault.server.calls.length).toBe(before);
});
