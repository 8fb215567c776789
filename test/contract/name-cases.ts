// The contract on names: those beyond ASCII, those that could lead elsewhere, and those that are found.

import { expect, test } from "vitest";
import type { Cases } from "./contract-context.ts";
import { NEVER, outcomeOf, pattern, readOne, versionOf } from "./outcomes.ts";

const ODD_KEYS = ["приложение/ключ", "with space/and+plus&more", "it's (odd)!*", "a=b,c;d:e@f$"];
const HOSTILE_KEYS = [
  ...["../sys/health", "app/../../sys/health", "app/./db", "app//db", "/app", "app/"],
  ...["a%2e%2e/b", "a?b", "a#b", "a\nb", "a\\b"],
];
const MANY = 500;

export const nameCases = {
  "unicode names": (context, { oddKeys = ODD_KEYS }) => {
    test("names of properties beyond ASCII arrive unchanged", async () => {
      const { rig, refTo } = context();
      const properties = { ключ: "v", "日本 語": "w", "😀": "x" };
      await rig.put("app/odd", properties);
      expect(await outcomeOf(rig.provider, refTo("app/odd"))).toMatchObject({ properties });
    });

    test.each(oddKeys)("the key %s is read where it is", async (key) => {
      const { rig, refTo } = context();
      await rig.put(key, { value: key });
      expect(await outcomeOf(rig.provider, refTo(key))).toMatchObject({ properties: { value: key } });
    });
  },

  "hostile names": (context, { hostileKeys = HOSTILE_KEYS }) => {
    test.each(hostileKeys)("the key %j is refused as a reference, and nobody is asked", async (key) => {
      const { rig, refTo } = context();
      const before = rig.traffic().requests;
      expect(await outcomeOf(rig.provider, refTo(key))).toBe("invalidReference");
      expect(await versionOf(rig.provider, refTo(key))).toBe("invalidReference");
      expect(rig.traffic().requests).toBe(before);
    });
  },

  "500 keys by find with paging": (context, { isFlat = false }) => {
    test("find lists 500 keys completely, sorted, and by name", async () => {
      const { rig, named, traits } = context();
      const paths = Array.from({ length: MANY }, (_, index) => `many/${index % 7}/key-${index}`);
      for (const path of paths) await rig.put(path, { value: "v" });
      const keys = paths.map(named).sort();
      const before = rig.traffic().requests;
      const path = isFlat ? undefined : "many";
      expect(await rig.provider.find({ path, name: undefined, tags: {} }, NEVER)).toEqual({ ok: true, value: keys });
      expect(rig.traffic().requests - before).toBeGreaterThanOrEqual(traits.leastListRequests);
      const name = /^many[/-]3[/-].*-1\d\d$/;
      expect(await rig.provider.find({ path: undefined, name: pattern(name), tags: {} }, NEVER)).toEqual({
        ok: true,
        value: keys.filter((key) => name.test(key)),
      });
    });

    test("find finds nothing where nothing is", async () => {
      const { rig } = context();
      await rig.put("app/db", { password: "p1" });
      const query = isFlat ? { path: undefined, name: pattern(/^nowhere/) } : { path: "nowhere", name: undefined };
      expect(await rig.provider.find({ ...query, tags: {} }, NEVER)).toEqual({ ok: true, value: [] });
    });
  },

  tags: (context) => {
    test("find finds by tags, all of which have to fit", async () => {
      const { rig, named } = context();
      for (const key of ["app/a", "app/b", "app/c"]) await rig.put(key, { value: "v" });
      await rig.tag("app/a", { team: "x", tier: "1" });
      await rig.tag("app/b", { team: "x", tier: "2" });
      const find = (tags: Readonly<Record<string, string>>) =>
        rig.provider.find({ path: undefined, name: undefined, tags }, NEVER);
      expect(await find({ team: "x" })).toEqual({ ok: true, value: [named("app/a"), named("app/b")] });
      expect(await find({ team: "x", tier: "2" })).toEqual({ ok: true, value: [named("app/b")] });
    });

    test("metadataPolicy Fetch reads them, and sees them change", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", { password: "p1" });
      await rig.tag("app/db", { team: "x" });
      const fetch = { ...refTo("app/db"), metadataPolicy: "Fetch" } as const;
      const before = await versionOf(rig.provider, fetch);
      const answer = await readOne(rig.provider, fetch);
      expect(answer.ok && answer.value.payload.revealUtf8()).toContain('"team":"x"');
      expect(await versionOf(rig.provider, fetch)).toBe(before);
      await rig.tag("app/db", { team: "y" });
      expect(await versionOf(rig.provider, fetch)).not.toBe(before);
    });
  },
} as const satisfies Partial<Cases>;
