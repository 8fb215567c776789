// Three ExternalSecrets of one remote key, one for each deletionPolicy: in every trouble of their store they must say
// what is wrong and keep their Secrets, and be right again soon after its end.

import { expect } from "vitest";
import { type JsonRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { dataEntry, externalSecret } from "./manifests.ts";
import { message, type Team } from "./team.ts";

const POLICIES = ["Retain", "Delete", "Merge"] as const;
/** Made while the store fails: it shows the trouble at once, and gets its Secret after it. */
const LATECOMER = "late";
/** What the contract allows from the repair on. */
const REPAIR_MS = 30_000;

export interface TrioOptions {
  /** Of the store, over the team's own. */
  readonly vault?: JsonRecord;
  /** Remote key; default: the team's `db` in the shared mount. */
  readonly key?: string;
  /** Writes the remote value. */
  readonly write?: (values: JsonRecord) => Promise<unknown>;
}

export interface Trouble {
  readonly reason: string;
  readonly message: RegExp;
  /** Reason of the store's Ready condition; undefined: the store stays as it is. */
  readonly storeReason: string | undefined;
}

export interface Trio {
  /** The trouble shows, and after a forced second look, which confirms what may be confirmed, the Secrets are as they were. */
  expectTrouble(trouble: Trouble): Promise<void>;
  /** A value written now arrives everywhere in time, in the Secrets that were there before. */
  expectRepaired(): Promise<void>;
}

export async function startTrio(team: Team, options: TrioOptions = {}): Promise<Trio> {
  const write = options.write ?? ((values: JsonRecord) => team.putSecret("db", values));
  const data = [dataEntry("password", options.key ?? team.key("db"), "password")];
  await write({ password: team.value("old") });
  await team.applyStore("vault", options.vault);
  const items = POLICIES.map((deletionPolicy) =>
    externalSecret({
      namespace: team.namespace,
      name: nameOf(deletionPolicy),
      spec: { refreshInterval: "1s", target: { deletionPolicy }, data },
    }),
  );
  await team.apply({ apiVersion: "v1", kind: "List", items });
  const names = POLICIES.map(nameOf);
  await Promise.all(names.map((name) => team.waitExternalSecret(name)));
  const before = await identities(team, names);
  let latecomers: readonly string[] = [];

  return {
    async expectTrouble({ reason, message: wording, storeReason }) {
      if (storeReason !== undefined) {
        // As short as the others: it may sync between the repair and the write of the new value.
        await team.applyExternalSecret(LATECOMER, { refreshInterval: "1s", data });
        latecomers = [LATECOMER];
      }
      const force = `look-again-${reason}`;
      for (const name of [...names, ...latecomers]) {
        const shown = await team.waitExternalSecret(name, { ready: "False", reason, timeoutMs: 60_000 });
        expect(message(shown)).toMatch(wording);
        expect(listAt(shown, "status", "entries")).toMatchObject([{ state: "Failed", reason }]);
      }
      if (storeReason !== undefined) await team.waitStore("vault", { ready: "False", reason: storeReason });
      for (const name of names) {
        await team.patchExternalSecret(name, { metadata: { annotations: { "fairlead.dev/force-sync": force } } });
      }
      for (const name of names) {
        const isServed = (object: JsonRecord): boolean => valueAt(object, "status", "lastHandledForceSync") === force;
        await team.waitExternalSecret(name, { ready: "False", where: isServed, timeoutMs: 60_000 });
      }
      expect(await identities(team, names)).toEqual(before);
      for (const name of names) expect(await team.secretData(name)).toEqual({ password: team.value("old") });
      expect(await team.secret(LATECOMER)).toBeUndefined();
    },
    async expectRepaired() {
      const endsAtMs = performance.now() + REPAIR_MS;
      const password = team.value("new");
      await write({ password });
      for (const name of [...names, ...latecomers]) {
        await team.waitSecretData(name, { password }, endsAtMs - performance.now());
        await team.waitExternalSecret(name, { ready: "True", timeoutMs: endsAtMs - performance.now() });
      }
      await team.waitStore("vault", { ready: "True" });
      expect((await identities(team, names)).map(({ uid }) => uid)).toEqual(before.map(({ uid }) => uid));
    },
  };
}

function nameOf(policy: (typeof POLICIES)[number]): string {
  return policy.toLowerCase();
}

interface Identity {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

async function identities(team: Team, names: readonly string[]): Promise<readonly Identity[]> {
  const secrets = await Promise.all(names.map((name) => team.secret(name)));
  return secrets.map((secret) => ({
    uid: optionalTextAt(secret, "metadata", "uid"),
    resourceVersion: optionalTextAt(secret, "metadata", "resourceVersion"),
  }));
}
