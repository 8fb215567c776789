// Rows 57 and 60: specs that cannot work, and a machine that lacks something.

import { setTimeout as pause } from "node:timers/promises";
import { dataEntry } from "../../integration/support/manifests.ts";
import { isRecord, type JsonRecord, valueAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import type { Scenario } from "../scenario.ts";
import { must, settledWorld } from "./steps.ts";

const ROLLED_BACK_MS = 30_000;

function badSpec(
  title: string,
  spec: (key: (name: string) => string, name: string) => JsonRecord,
  wanted: BadOutcome,
): Scenario {
  return {
    row: 57,
    title: `Bad spec: ${title}; then rolled back`,
    ...(wanted.fast ? { fast: true } : {}),
    async run(world) {
      const { load } = await settledWorld(world);
      const [name = "", other = ""] = load.names;
      const { team } = load;
      const path = team.externalSecretPath(name);
      const good = await ok(team.rig.api.get(path));
      await team.patchExternalSecret(name, { spec: spec((remote) => team.key(remote), other) });
      await team.waitExternalSecret(name, { ready: "False", reason: wanted.reason });
      const version = valueAt(await ok(team.rig.api.get(path)), "metadata", "resourceVersion");
      await ok(team.rig.api.put(path, rolledBack(good, version)));
      await load.settled(ROLLED_BACK_MS);
      return { fired: 1 };
    },
  };
}

interface BadOutcome {
  readonly reason: string;
  readonly fast?: true;
}

/** As a whole: a merge patch would leave what the bad spec added. */
function rolledBack(good: unknown, resourceVersion: unknown): JsonRecord {
  const [object, metadata] = [valueAt(good), valueAt(good, "metadata")];
  return {
    ...(isRecord(object) ? object : {}),
    metadata: { ...(isRecord(metadata) ? metadata : {}), resourceVersion },
  };
}

const noSuchHost: Scenario = {
  row: 60,
  title: "The name of a store's server cannot be resolved",
  partly: "templates are not served yet; a heap near its limit is tried by unit tests",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const { team } = load;
    await team.applyStore("nowhere", { server: "https://vault.invalid:8200" });
    await team.waitStore("nowhere", { ready: "False", reason: "Unreachable" });
    await team.applyExternalSecret("nowhere", {
      secretStoreRef: { name: "nowhere" },
      data: [dataEntry("password", team.key("any"), "password")],
    });
    await team.waitExternalSecret("nowhere", { ready: "False" });
    await pause(2_000);
    for (const path of ["/healthz", "/readyz"]) {
      const reply = await fetch(`${operator.origin}${path}`);
      must(reply.status === 200, `${path} fails for a store that nobody finds`);
    }
    await load.rotate();
    await load.settled();
    return { fired: 1 };
  },
};

export const misuseScenarios: readonly Scenario[] = [
  badSpec(
    "a property that does not exist",
    (key, other) => ({ data: [dataEntry("password", key(other), "no-such")] }),
    {
      reason: "PropertyNotFound",
      fast: true,
    },
  ),
  badSpec(
    "two sources make one key",
    (key, other) => ({ data: [dataEntry("password", key(other), "password")], dataFrom: twice(key(other)) }),
    { reason: "MalformedPayload" },
  ),
  badSpec("a store that does not exist", () => ({ secretStoreRef: { name: "no-such-store" } }), {
    reason: "StoreNotFound",
  }),
  badSpec(
    "another type of Secret for one that exists",
    () => ({ target: { template: { type: "kubernetes.io/basic-auth" } } }),
    { reason: "TargetImmutable" },
  ),
  noSuchHost,
];

/** Both name the same properties. */
function twice(key: string): readonly JsonRecord[] {
  return [
    { extract: { key } },
    { extract: { key }, rewrite: [{ regexp: { source: "^username$", target: "password" } }] },
  ];
}
