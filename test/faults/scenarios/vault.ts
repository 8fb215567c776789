// Rows 47 to 49 and 55 and 56: a Vault that is sealed, behind, slow, or has forgotten our token.

import { setTimeout as pause } from "node:timers/promises";
import type { FaultWorld, Workload } from "../fault-world.ts";
import { storeError, tooManyRequests } from "../proxy/faults.ts";
import type { Fault, RequestFacts } from "../proxy/rule.ts";
import type { Scenario } from "../scenario.ts";
import { lastOrder, must, requestsSince, settledWorld } from "./steps.ts";

/** I3 for faults of a store: what is left of its backoff, which is at most 30 s. */
const STORE_RECOVERY_MS = 40_000;
const SHOWN_WITHIN_MS = 30_000;

const isRead = ({ path }: Pick<RequestFacts, "path">): boolean => /^kv\/(data|metadata)\//.test(path);
const isLogin = ({ path }: Pick<RequestFacts, "path">): boolean => path === "auth/kubernetes/login";
const everything = (): boolean => true;

/** The store says what is wrong, every Secret stays, and all is well after the fault. */
async function degraded(world: FaultWorld, load: Workload, end: () => Promise<unknown>): Promise<void> {
  await load.team.waitStore("vault", { ready: "False", timeoutMs: SHOWN_WITHIN_MS });
  await end();
  await load.rotate();
  await load.settled(STORE_RECOVERY_MS);
  await load.team.waitStore("vault", { ready: "True" });
  must(world.recorder.gaps === 0, "the recorder lost revisions");
}

/** Stores are looked at often, so that nobody waits for the next look. */
const IMPATIENT = { refreshInterval: "2s" } as const;

async function impatientStore({ team }: Workload): Promise<void> {
  await team.rig.kubectl([
    ...["-n", team.namespace, "patch", "secretstore", "vault", "--type=merge"],
    ...["-p", JSON.stringify({ spec: { refreshInterval: "5s" } })],
  ]);
}

const sealed: Scenario = {
  row: 47,
  title: "Vault is sealed, then unsealed",
  fast: true,
  async run(world) {
    const { load } = await settledWorld(world, IMPATIENT);
    await impatientStore(load);
    await world.rig.vault.seal();
    await degraded(world, load, () => world.rig.vault.unseal());
    return { fired: 1 };
  },
};

function answers(title: string, fault: Fault): Scenario {
  return {
    row: 47,
    title: `Vault answers ${title}`,
    partly: "a cluster with a standby that becomes active needs Vault on raft; its answers come from the proxy",
    async run(world) {
      const { load } = await settledWorld(world, IMPATIENT);
      await impatientStore(load);
      const rule = world.vault.add({ name: title, when: everything, fault });
      await degraded(world, load, async () => {
        rule.remove();
        await Promise.resolve();
      });
      return { fired: 0 };
    },
  };
}

const revokedTokens: Scenario = {
  row: 48,
  title: "The token is revoked while many ExternalSecrets are at work",
  fast: true,
  async run(world) {
    const { load } = await settledWorld(world, { count: 10, refreshInterval: "1s" });
    await pause(500);
    const before = world.vault.requests().filter(isLogin).length;
    await world.rig.vault.write("sys/leases/revoke-prefix/auth/kubernetes/login");
    await load.rotate();
    await load.settled();
    const logins = world.vault.requests().filter(isLogin).length - before;
    must(logins === 1, `${logins} logins after one token was revoked`);
    return { fired: 1 };
  },
};

const deniedForReal: Scenario = {
  row: 48,
  title: "A 403 that a new login does not cure is a denial",
  async run(world) {
    const { load } = await settledWorld(world, { count: 3 });
    const [name = ""] = load.names;
    const { team } = load;
    const path = `kv/data/${team.key(name)}`;
    const rule = world.vault.add({ name: "403", when: (request) => request.path === path, fault: storeError(403) });
    const before = world.vault.requests().filter(isLogin).length;
    await team.waitExternalSecret(name, { ready: "False", reason: "AccessDenied" });
    await pause(3_000);
    const logins = world.vault.requests().filter(isLogin).length - before;
    must(logins <= 2, `${logins} logins for a key that is denied`);
    rule.remove();
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    return { fired: 0 };
  },
};

/** Answers of a standby that has not seen the newest version: those that the real Vault gave before. */
function recordedAnswers(world: FaultWorld): { readonly fault: Fault; readonly stop: () => void } {
  const bodies = new Map<string, Buffer>();
  const recording = world.vault.add({
    name: "recording",
    when: (request) => isRead(request) && request.method === "GET",
    fault: {
      kind: "rewrite",
      answer: ({ status, body }, request) => {
        if (status === 200) bodies.set(request.path, body);
        return { status, body };
      },
    },
  });
  const fault: Fault = {
    kind: "rewrite",
    answer: ({ status, body }, request) => ({ status, body: bodies.get(request.path) ?? body }),
  };
  return { fault, stop: () => recording.remove() };
}

const staleStandby: Scenario = {
  row: 49,
  title: "A standby answers with the version before the newest",
  partly: "by the proxy: a performance standby is Vault Enterprise's",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const old = recordedAnswers(world);
    await pause(3_000);
    old.stop();
    await load.rotate();
    await load.settled();
    const from = lastOrder(world);
    const rule = world.vault.add({ name: "one version behind", when: isRead, fault: old.fault });
    await rule.firedTimes(2 * load.names.length);
    await pause(3_000);
    const writes = requestsSince(world, from).filter(
      ({ verb, resource }) => verb === "patch" && resource === "secrets",
    );
    must(
      writes.length === 0,
      `${writes.length} Secrets were written from an answer that is older than one already seen`,
    );
    rule.remove();
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    must((await fetch(`${operator.origin}/healthz`)).status === 200, "liveness failed for a store");
    return { fired: 0 };
  },
};

const alternating: Scenario = {
  row: 56,
  title: "Each second read is answered with the version before the newest",
  partly: "slowing down after five changes within ten checks comes with the refresh engine",
  async run(world) {
    const { load } = await settledWorld(world, { refreshInterval: "1s" });
    const old = recordedAnswers(world);
    await pause(2_000);
    old.stop();
    let turn = 0;
    const rule = world.vault.add({
      name: "every second one is old",
      when: (request) => isRead(request) && (turn += 1) % 2 === 0,
      fault: old.fault,
    });
    const from = lastOrder(world);
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    await pause(5_000);
    const writes = requestsSince(world, from).filter(
      ({ verb, resource }) => verb === "patch" && resource === "secrets",
    );
    must(writes.length <= load.names.length, `${writes.length} writes for one change of ${load.names.length} Secrets`);
    rule.remove();
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    return { fired: 0 };
  },
};

function hangingStore(title: string, hang: (world: FaultWorld, namespace: string) => () => void): Scenario {
  return {
    row: 55,
    title,
    partly: "a share of the workers for each store, and the circuit breaker, come with the refresh engine",
    async run(world) {
      const { load } = await settledWorld(world);
      const other = await world.workload({ team: await world.team(), count: 3, refreshInterval: "2s" });
      await other.settled(30_000);
      const release = hang(world, load.team.namespace);
      await load.rotate();
      await other.rotate();
      await other.settled(20_000);
      release();
      await load.settled(STORE_RECOVERY_MS);
      return { fired: 0 };
    },
  };
}

export const vaultScenarios: readonly Scenario[] = [
  sealed,
  answers("503 (sealed, behind a load balancer)", storeError(503)),
  answers("473 (performance standby)", storeError(473)),
  answers("472 (disaster recovery)", storeError(472)),
  answers("429 (standby)", storeError(429)),
  answers("429 with Retry-After 3", tooManyRequests(3)),
  revokedTokens,
  deniedForReal,
  staleStandby,
  alternating,
  hangingStore("Reads of one namespace's store are never answered", (world, namespace) => {
    const when = ({ path }: RequestFacts): boolean => path.includes(`/${namespace}/`);
    const rule = world.vault.add({ name: "hanging reads", when, fault: { kind: "silence", at: "before" } });
    return () => rule.remove();
  }),
];
