// What every provider must do, whatever store lies behind it: one suite, run per provider against a stub, and where
// there is one against a server that others wrote. A provider that passes can be used without knowing its name.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { remoteRefId } from "../../src/core/provider/port.ts";
import { contractCases, type ContractStore, notApplicable, SUITE_PREFIX } from "./cases.ts";
import { type Cases, type ContractContext, contextOf } from "./contract-context.ts";
import { type ContractRig, type ContractTraits, renamed } from "./contract-rig.ts";
import { faultCases } from "./fault-cases.ts";
import { nameCases } from "./name-cases.ts";
import { NEVER, outcomeOf, readOne, versionOf } from "./outcomes.ts";
import { sessionCases } from "./session-cases.ts";
import { versionCases } from "./version-cases.ts";

const valueCases = {
  found: (context) => {
    test("a value is found with the version that carried it", async () => {
      const { rig, refTo, display } = context();
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toEqual({
        properties: { password: "p1" },
        version: display(1),
      });
    });
  },

  missing: (context) => {
    test("a missing key is notFound, for values and for versions", async () => {
      const { rig, refTo, hasVersions } = context();
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/none"))).toBe("notFound");
      if (hasVersions) expect(await versionOf(rig.provider, refTo("app/none"))).toBe("notFound");
    });
  },

  "soft-deleted": (context) => {
    test("a soft-deleted key is deleted, not missing", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", { password: "p1" });
      await rig.softDelete("app/db");
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("deleted");
      expect(await versionOf(rig.provider, refTo("app/db"))).toBe("deleted");
    });
  },

  disabled: (context) => {
    test("a version whose value is not given out is neither missing nor denied", async () => {
      const { rig, refTo, traits } = context();
      await rig.put("app/db", { password: "p1" });
      const identity = await versionOf(rig.provider, refTo("app/db"));
      await rig.withhold("app/db");
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe(traits.withheld.value);
      expect(await versionOf(rig.provider, refTo("app/db"))).toBe(traits.withheld.version ?? identity);
    });
  },

  denied: (context) => {
    test("a denied key fails alone", async () => {
      const { rig, refTo, hasVersions } = context();
      await rig.put("app/db", { password: "p1" });
      await rig.put("app/locked", { password: "p2" });
      await rig.deny("app/locked");
      const refs = [refTo("app/db"), refTo("app/locked")];
      const answers = await rig.provider.readSecrets(refs, NEVER);
      expect(refs.map((ref) => answers.get(remoteRefId(ref))?.ok)).toEqual([true, false]);
      expect(await outcomeOf(rig.provider, refTo("app/locked"))).toBe("accessDenied");
      if (hasVersions) expect(await versionOf(rig.provider, refTo("app/locked"))).toBe("accessDenied");
    });
  },

  "empty value": (context, { refusesEmptyDocuments = false }) => {
    arrivesUnchanged(context, { "an empty value": { value: "" } });
    if (!refusesEmptyDocuments) arrivesUnchanged(context, { "a secret without a property": {} });
  },

  binary: (context) => {
    test("every byte arrives unchanged", async () => {
      const { rig } = context();
      const { key, payload } = await rig.putBinary(Uint8Array.from({ length: 256 }, (_, byte) => byte));
      const answer = await readOne(rig.provider, { key, version: undefined, metadataPolicy: "None" });
      expect(answer.ok && Buffer.from(answer.value.payload.revealBytes()).equals(payload)).toBe(true);
    });
    arrivesUnchanged(context, { "text with escapes and controls": { value: 'a"b\\c\n\t\u0001\u2028é😀' } });
  },

  "64 KiB value": (context) => arrivesUnchanged(context, { "64 KiB": { value: "x".repeat(64 * 1024 - 12) } }),
} as const satisfies Partial<Cases>;

function arrivesUnchanged(
  context: () => ContractContext,
  values: Readonly<Record<string, Readonly<Record<string, string>>>>,
): void {
  test.each(Object.keys(values))("%s arrives unchanged", async (what) => {
    const { rig, refTo, display } = context();
    const properties = values[what] ?? {};
    await rig.put("app/odd", properties);
    expect(await outcomeOf(rig.provider, refTo("app/odd"))).toEqual({ properties, version: display(1) });
  });
}

/** Of one test: below the 60 s after which idle sockets end by themselves. */
const TIMEOUT_MS = 45_000;

const cases: Cases = { ...valueCases, ...versionCases, ...faultCases, ...nameCases, ...sessionCases };

/** Every case of the table, for one store. */
export function describeProviderContract(
  store: ContractStore,
  createRig: () => Promise<ContractRig>,
  traits: ContractTraits,
): void {
  const absent = notApplicable[store.kind];
  describe(`${SUITE_PREFIX}${store.name}`, { timeout: TIMEOUT_MS }, () => {
    let rig: ContractRig | undefined;
    beforeEach(async () => {
      const plain = await createRig();
      rig = traits.key === undefined ? plain : renamed(plain, traits.key);
    });
    afterEach(async () => {
      const ended = rig;
      rig = undefined;
      await ended?.close();
    });
    const context = (): ContractContext => {
      if (rig === undefined) throw new Error("the store is not started");
      return contextOf(rig, traits);
    };
    for (const name of contractCases) {
      const reason = absent[name];
      describe(name, () => {
        if (reason === undefined) cases[name](context, traits);
        else test.skip(`n/a: ${reason}`, () => undefined);
      });
    }
  });
}
