// The contract on versions: pinned, older, by stage; what rotates, and what a look at the version costs.

import { expect, test } from "vitest";
import { remoteRefId } from "../../src/core/provider/port.ts";
import type { Cases } from "./contract-context.ts";
import { NEVER, outcomeOf, readOne, versionOf } from "./outcomes.ts";

const ROTATIONS = 8;
const BIG = "x".repeat(64 * 1024 - 12);

export const versionCases = {
  "version pinned": (context) => {
    test("a pinned version is read with its own identity", async () => {
      const { rig, refTo, pin, display } = context();
      await rig.put("app/db", { password: "p1" });
      const pinned = refTo("app/db", pin(1));
      expect(await outcomeOf(rig.provider, pinned)).toEqual({ properties: { password: "p1" }, version: display(1) });
      const read = await readOne(rig.provider, pinned);
      expect(read.ok && read.value.version?.identity).toBe(await versionOf(rig.provider, pinned));
    });

    test("a version that never was is told apart from a key that is not there", async () => {
      const { rig, refTo, pin } = context();
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db", pin(9)))).toBe("versionNotFound");
      expect(await outcomeOf(rig.provider, refTo("app/none", pin(9)))).toBe("notFound");
      expect(await versionOf(rig.provider, refTo("app/db", pin(9)))).toBe("versionNotFound");
    });
  },

  "older version": (context) => {
    test("a pin holds while the key rotates, and the current one is read without a pin", async () => {
      const { rig, refTo, pin, display } = context();
      await rig.put("app/db", { password: "p1" });
      const before = await versionOf(rig.provider, refTo("app/db", pin(1)));
      await rig.put("app/db", { password: "p2" });
      expect(await versionOf(rig.provider, refTo("app/db", pin(1)))).toBe(before);
      expect(await outcomeOf(rig.provider, refTo("app/db", pin(1)))).toEqual({
        properties: { password: "p1" },
        version: display(1),
      });
      for (const ref of [refTo("app/db", pin(2)), refTo("app/db")]) {
        expect(await outcomeOf(rig.provider, ref)).toEqual({ properties: { password: "p2" }, version: display(2) });
      }
    });
  },

  stage: (context) => {
    test("a stage leads to its version, and moves on with a rotation", async () => {
      const { rig, refTo, display, traits } = context();
      await rig.put("app/db", { password: "p1" });
      const previous = refTo("app/db", traits.previousStage);
      expect(await outcomeOf(rig.provider, previous)).toBe("versionNotFound");
      for (const n of [2, 3]) {
        await rig.put("app/db", { password: `p${n}` });
        const expected = { properties: { password: `p${n - 1}` }, version: display(n - 1) };
        expect(await outcomeOf(rig.provider, previous)).toEqual(expected);
        const read = await readOne(rig.provider, previous);
        expect(read.ok && read.value.version?.identity).toBe(await versionOf(rig.provider, previous));
      }
    });
  },

  rotation: (context) => {
    test("a rotation changes what is read and the identity of the version, and nothing else does", async () => {
      const { rig, refTo, display, hasVersions } = context();
      await rig.put("app/db", { password: "p1" });
      await rig.put("app/other", { password: "o1" });
      const before = await versionOf(rig.provider, refTo("app/db"));
      const read = await readOne(rig.provider, refTo("app/db"));
      expect(read.ok && read.value.version?.identity).toBe(before);
      await rig.put("app/other", { password: "o2" });
      expect(await versionOf(rig.provider, refTo("app/db"))).toBe(before);
      await rig.put("app/db", { password: "p2" });
      expect((await versionOf(rig.provider, refTo("app/db"))) === before).toBe(!hasVersions);
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toEqual({
        properties: { password: "p2" },
        version: display(2),
      });
    });
  },

  "rotation between two reads of one sync": (context) => {
    test("the value names the version that was read, not the one that was seen before", async () => {
      const { rig, refTo, display } = context();
      await rig.put("app/db", { password: "p1" });
      await versionOf(rig.provider, refTo("app/db"));
      await rig.put("app/db", { password: "p2" });
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toEqual({
        properties: { password: "p2" },
        version: display(2),
      });
      const read = await readOne(rig.provider, refTo("app/db"));
      expect(read.ok && read.value.version?.identity).toBe(await versionOf(rig.provider, refTo("app/db")));
    });

    test("a version that was seen is still read by its pin", async () => {
      const { rig, refTo, pin, display, hasVersions } = context();
      if (!hasVersions) return;
      await rig.put("app/db", { user: "u1", password: "p1" });
      const first = await outcomeOf(rig.provider, refTo("app/db"));
      await rig.put("app/db", { user: "u2", password: "p2" });
      expect(await outcomeOf(rig.provider, refTo("app/db", pin(1)))).toEqual(first);
      expect(first).toMatchObject({ version: display(1) });
    });

    test("reads beside writes are whole: both properties are of one version, and it is the one that is named", async () => {
      const { rig, refTo, display } = context();
      const ref = refTo("app/db");
      const written = Array.from({ length: ROTATIONS }, (_, index) => ({ user: `u${index}`, password: `p${index}` }));
      await rig.put("app/db", written[0] ?? {});
      const whole = written.map((properties, index) => ({ properties, version: display(index + 1) }));
      for (const properties of written.slice(1)) {
        const reads = [outcomeOf(rig.provider, ref), outcomeOf(rig.provider, ref)];
        const [, ...outcomes] = await Promise.all([rig.put("app/db", properties), ...reads]);
        for (const outcome of outcomes) expect(whole).toContainEqual(outcome);
      }
    });

    test("two keys of one call that are the same one get one answer", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", { password: "p1" });
      const before = rig.traffic().requests;
      const answers = await rig.provider.readSecrets([refTo("app/db"), refTo("app/db")], NEVER);
      expect(answers.get(remoteRefId(refTo("app/db")))?.ok).toBe(true);
      expect(rig.traffic().requests - before).toBe(1);
    });
  },

  "version check cheaper than a read": (context) => {
    test("a look at the version takes no more requests than a read, and few bytes", async () => {
      const { rig, refTo } = context();
      await rig.put("app/big", { value: BIG });
      const ref = refTo("app/big");
      await outcomeOf(rig.provider, ref);
      const start = rig.traffic();
      await outcomeOf(rig.provider, ref);
      const read = rig.traffic();
      await versionOf(rig.provider, ref);
      const checked = rig.traffic();
      expect(read.answerBytes - start.answerBytes).toBeGreaterThan(BIG.length);
      expect(checked.answerBytes - read.answerBytes).toBeLessThan(4 * 1024);
      expect(checked.requests - read.requests).toBeGreaterThan(0);
      expect(checked.requests - read.requests).toBeLessThanOrEqual(read.requests - start.requests);
    });
  },
} as const satisfies Partial<Cases>;
