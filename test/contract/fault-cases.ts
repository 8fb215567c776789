// The contract under faults: what a store does wrong for one key is that key's failure alone, never an absence.

import { expect, test } from "vitest";
import { isConfirmableAbsence, type ProviderErrorKind } from "../../src/core/provider/error.ts";
import { remoteRefId } from "../../src/core/provider/port.ts";
import type { Cases, ContractContext } from "./contract-context.ts";
import { type ContractFault, THROTTLED_SECONDS } from "./contract-rig.ts";
import { NEVER, outcomeOf, readOne } from "./outcomes.ts";

const STORED = { password: "p1" };

export const faultCases = {
  "throttled with Retry-After": (context) => {
    failsAlone(context, ["throttled"], "throttled");

    test("throttling carries how long to wait", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", STORED);
      await rig.inject("app/db", "throttled");
      const answer = await readOne(rig.provider, refTo("app/db"));
      expect(answer).toMatchObject({ ok: false, error: { retryAfterMs: THROTTLED_SECONDS * 1000 } });
    });
  },

  "5xx": (context) => failsAlone(context, ["failing", "badGateway"], "unavailable"),
  malformed: (context) => failsAlone(context, ["cut", "empty", "emptyObject"], "unavailable"),
  HTML: (context) => failsAlone(context, ["html"], "unavailable"),

  "redirect refused": (context) => {
    failsAlone(context, ["redirect"], "unavailable");

    test("a redirect is not followed", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", STORED);
      await rig.inject("app/db", "redirect");
      await outcomeOf(rig.provider, refTo("app/db"));
      expect(rig.redirected()).toBe(0);
    });
  },

  "slow beyond the deadline": (context) => {
    test("an answer slower than the deadline is unavailable", async () => {
      const { rig, refTo, display } = context();
      await rig.put("app/db", STORED);
      await outcomeOf(rig.provider, refTo("app/db"));
      await rig.inject("app/db", "silent");
      const arrival = rig.arrival("app/db");
      const outcome = outcomeOf(rig.provider, refTo("app/db"));
      await arrival;
      await rig.passDeadline();
      expect(await outcome).toBe("unavailable");
      await rig.heal();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
    });
  },

  aborted: (context) => {
    test("a call that is aborted already answers unavailable", async () => {
      const { rig, refTo } = context();
      await rig.put("app/db", STORED);
      expect(await outcomeOf(rig.provider, refTo("app/db"), AbortSignal.abort())).toBe("unavailable");
    });

    test("a call aborted while the store is silent answers unavailable at once, and others go on", async () => {
      const { rig, refTo, display } = context();
      await rig.put("app/db", STORED);
      await outcomeOf(rig.provider, refTo("app/db"));
      await rig.inject("app/db", "silent");
      const caller = new AbortController();
      const arrival = rig.arrival("app/db");
      const outcome = outcomeOf(rig.provider, refTo("app/db"), caller.signal);
      await arrival;
      caller.abort();
      expect(await outcome).toBe("unavailable");
      await rig.heal();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
    });
  },
} as const satisfies Partial<Cases>;

function failsAlone(context: () => ContractContext, faults: readonly ContractFault[], kind: ProviderErrorKind): void {
  test.each(faults)(`%s: the key is ${kind} and no absence, its neighbour is read`, async (fault) => {
    const { rig, refTo, display } = context();
    await rig.put("app/db", STORED);
    await rig.put("app/other", { password: "p2" });
    await rig.inject("app/db", fault);
    const refs = [refTo("app/db"), refTo("app/other")];
    const answers = await rig.provider.readSecrets(refs, NEVER);
    const [broken, well] = refs.map((ref) => answers.get(remoteRefId(ref)));
    expect(broken).toMatchObject({ ok: false, error: { kind } });
    expect(isConfirmableAbsence(kind)).toBe(false);
    expect(well?.ok).toBe(true);
    await rig.heal();
    expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
  });
}
