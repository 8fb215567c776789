// When stores are looked at anew: at once if their spec or an object that they name changes, and from time to time.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../testbed/certificates.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { deleteObject, makeToken, putObject, REPAIR_MS } from "./support/stores.ts";
import { OPERATOR, passwordEntry, readyTeam } from "./support/targets.ts";
import { message, SERVICE_ACCOUNT, type Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

/** Far below the validation period of 5 min: only what changed can be the cause. */
const AT_ONCE_MS = 10_000;
const LOST = { ready: "False", reason: "Unauthenticated", timeoutMs: AT_ONCE_MS } as const;
const BACK = { ready: "True", reason: "Valid", timeoutMs: AT_ONCE_MS } as const;

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

const tokenAuth = { auth: { tokenSecretRef: { name: "vault-token", key: "token" } } };

async function teamWithToken(interval: string): Promise<{ readonly team: Team; readonly token: string }> {
  const team = await world.team();
  const token = await makeToken(team);
  await team.putSecret("db", { password: team.value() });
  await putObject(team, "Secret", "vault-token", { token });
  await team.applyStore("vault", tokenAuth, { refreshInterval: interval });
  await team.waitStore();
  return { team, token };
}

describe.concurrent("a store is validated anew at once when", () => {
  test("its spec changes", async () => {
    const team = await readyTeam(world);
    await team.applyStore("vault", {
      auth: { kubernetes: { role: "no-such-role", serviceAccountRef: { name: SERVICE_ACCOUNT } } },
    });
    await team.waitStore("vault", LOST);
    await team.applyStore();
    await team.waitStore("vault", BACK);
  });

  test("the Secret that it names changes, which is watched alone", async () => {
    const mark = await world.rig.audit.kubernetes.mark();
    const { team, token } = await teamWithToken("5m");
    await putObject(team, "Secret", "vault-token", { token: team.value("wrong") });
    await team.waitStore("vault", LOST);
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db", { ready: "False", reason: "Unauthenticated" });
    await putObject(team, "Secret", "vault-token", { token });
    await team.waitStore("vault", BACK);
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: AT_ONCE_MS });

    const requests = await world.rig.audit.kubernetes.since(mark);
    const looks = requests.filter(
      ({ user, resource, verb }) => user === OPERATOR && resource === "secrets" && ["list", "watch"].includes(verb),
    );
    const own = looks.filter(({ namespace, verb }) => namespace === team.namespace && verb === "watch");
    expect(own.map(({ path }) => new URL(path, "https://api").searchParams.get("fieldSelector"))).toContain(
      "metadata.name=vault-token",
    );
    expect(looks.filter(({ path }) => !/[?&](field|label)Selector=/.test(path))).toEqual([]);
  });

  test("the ConfigMap of its CA changes", async () => {
    const team = await world.team();
    const other = await createCertificateAuthority("other");
    await putObject(team, "ConfigMap", "vault-ca", { ca: team.rig.vault.caPem });
    await team.applyStore("vault", {
      caBundle: undefined,
      caProvider: { type: "ConfigMap", name: "vault-ca", key: "ca" },
    });
    await team.waitStore();
    await putObject(team, "ConfigMap", "vault-ca", { ca: other.certificatePem });
    await team.waitStore("vault", { ready: "False", reason: "Unreachable", timeoutMs: AT_ONCE_MS });
    await putObject(team, "ConfigMap", "vault-ca", { ca: team.rig.vault.caPem });
    await team.waitStore("vault", BACK);
  });

  test("its ServiceAccount goes, and when it is back", async () => {
    const team = await readyTeam(world);
    await deleteObject(team, "serviceaccounts", SERVICE_ACCOUNT);
    const lost = await team.waitStore("vault", LOST);
    expect(message(lost)).toBe(`ServiceAccount ${team.namespace}/${SERVICE_ACCOUNT} does not exist`);
    const path = `/api/v1/namespaces/${team.namespace}/serviceaccounts`;
    await ok(team.rig.api.post(path, { metadata: { name: SERVICE_ACCOUNT } }));
    await team.waitStore("vault", BACK);
  });

  test.each([
    {
      what: "a Secret that was missing",
      vault: tokenAuth,
      reason: "Unauthenticated",
      says: (team: Team) => `Secret ${team.namespace}/vault-token does not exist`,
      make: async (team: Team) => putObject(team, "Secret", "vault-token", { token: await makeToken(team) }),
    },
    {
      what: "a key of a Secret that was missing",
      vault: { caBundle: undefined, caProvider: { type: "Secret", name: "vault-ca", key: "ca" } },
      reason: "InvalidProviderConfig",
      says: (team: Team) => `spec.provider.vault.caProvider fails: Secret ${team.namespace}/vault-ca has no key ca`,
      before: (team: Team) => putObject(team, "Secret", "vault-ca", { other: "x" }),
      make: (team: Team) => putObject(team, "Secret", "vault-ca", { ca: team.rig.vault.caPem }),
    },
    {
      what: "a ConfigMap that was missing",
      vault: { caBundle: undefined, caProvider: { type: "ConfigMap", name: "vault-ca", key: "ca" } },
      reason: "InvalidProviderConfig",
      says: (team: Team) => `spec.provider.vault.caProvider fails: ConfigMap ${team.namespace}/vault-ca does not exist`,
      make: (team: Team) => putObject(team, "ConfigMap", "vault-ca", { ca: team.rig.vault.caPem }),
    },
  ])("$what appears, and who waits for it is synced", async ({ vault, reason, says, before, make }) => {
    const team = await world.team();
    await before?.(team);
    await team.putSecret("db", { password: team.value() });
    await team.applyStore("vault", vault);
    await team.applyExternalSecret("db", passwordEntry(team));
    const store = await team.waitStore("vault", { ready: "False", reason });
    expect(message(store)).toBe(says(team));
    await team.waitExternalSecret("db", { ready: "False" });
    await make(team);
    await team.waitStore("vault", BACK);
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: AT_ONCE_MS });
  });
});

test("a store is validated anew at its refreshInterval: a token that was revoked in Vault shows, a new one repairs", async () => {
  const { team, token } = await teamWithToken("1s");
  await team.rig.vault.write("auth/token/revoke", { token });
  const lost = await team.waitStore("vault", { ready: "False", reason: "Unauthenticated" });
  expect(message(lost)).toBe("Vault refused the token login (HTTP 403)");
  await putObject(team, "Secret", "vault-token", { token: await makeToken(team, "next") });
  await team.waitStore("vault", { ready: "True", timeoutMs: REPAIR_MS });
});
