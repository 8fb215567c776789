// The contract on logins: refused and repaired, one for all who wait, and nothing left behind after close.

import { expect, test } from "vitest";
import type { Cases } from "./contract-context.ts";
import { NEVER, outcomeOf } from "./outcomes.ts";

const READS = 100;
const KEYS = 10;

export const sessionCases = {
  "unauthenticated, then repaired": (context) => {
    test("refused logins are unauthenticated, and reading goes on once they are accepted again", async () => {
      const { rig, refTo, display } = context();
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
      await rig.refuseLogins();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("unauthenticated");
      expect((await rig.provider.validate(NEVER)).ok).toBe(false);
      await rig.acceptLogins();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
      expect((await rig.provider.validate(NEVER)).ok).toBe(true);
    });
  },

  "one login for 100 parallel reads": (context) => {
    test("100 reads that find their token ended share one login, and all are served", async () => {
      const { rig, refTo } = context();
      for (let n = 0; n < KEYS; n += 1) await rig.put(`app/key-${n}`, { value: `v${n}` });
      await outcomeOf(rig.provider, refTo("app/key-0"));
      await rig.endTokens();
      const before = rig.logins();
      const allDenied = rig.reached(rig.traffic().requests + READS);
      rig.loginGate.hold();
      const reads = Array.from({ length: READS }, (_, n) => outcomeOf(rig.provider, refTo(`app/key-${n % KEYS}`)));
      await allDenied;
      rig.loginGate.release();
      const outcomes = await Promise.all(reads);
      for (const [n, outcome] of outcomes.entries()) {
        expect(outcome).toMatchObject({ properties: { value: `v${n % KEYS}` } });
      }
      expect(rig.logins() - before).toBe(1);
    });
  },

  "close revokes and ends all sockets": (context) => {
    test("after close no token lives where it can be taken back, and no socket is open", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", { password: "p1" });
      await Promise.all([1, 2, 3].map(() => outcomeOf(rig.provider, refTo("app/db"))));
      expect(await rig.liveTokens?.()).toBe(rig.liveTokens && 1);
      await rig.provider.close();
      expect(await rig.liveTokens?.()).toBe(rig.liveTokens && 0);
      await rig.socketsEnded();
    });

    test("a read that is under way at close ends, and its socket with it", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", { password: "p1" });
      await rig.inject("app/db", "silent");
      const arrival = rig.arrival("app/db");
      const outcome = outcomeOf(rig.provider, refTo("app/db"));
      await arrival;
      await rig.provider.close();
      expect(await outcome).toBe("unavailable");
      await rig.socketsEnded();
    });

    test("after close calls answer unavailable, and nobody is asked", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", { password: "p1" });
      await outcomeOf(rig.provider, refTo("app/db"));
      await rig.provider.close();
      const before = rig.traffic().requests;
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("unavailable");
      expect(rig.traffic().requests).toBe(before);
    });
  },
} as const satisfies Partial<Cases>;
