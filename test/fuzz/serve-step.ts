// One accepted spec: asks the oracle what must come of it, waits until it has, judges every look on the way, and gives a
// roll-back the help that the contract asks for.

import { setTimeout as pause } from "node:timers/promises";
import { condition } from "../integration/support/sightings.ts";
import { type JsonRecord, optionalTextAt, textAt, valueAt } from "../testbed/json.ts";
import { annotateSecret, deletePath, lookAt, makeForeignSecret } from "./fuzz-client.ts";
import { type FuzzSite, NEIGHBOUR, secretNames, type SequenceNames } from "./fuzz-site.ts";
import { contentFaults, isReached, judgeLook, wordsFor } from "./judge-look.ts";
import { judgeRejections, judgeSecrets } from "./judge.ts";
import { type Expectation, expectationOf } from "./oracle.ts";
import { helpFor, type RollbackHelp } from "./rollback-help.ts";
import type { SecretView, Sight } from "./secret-view.ts";
import type { Violation } from "./violation.ts";

/** The ExternalSecret of a sequence, and the Secrets that it might touch, at one moment. */
export interface Look {
  readonly object: JsonRecord | undefined;
  readonly secrets: Sight;
}

export interface Serving {
  readonly site: FuzzSite;
  readonly names: SequenceNames;
  /** As it was applied, and accepted. */
  readonly spec: unknown;
  /** By the parser: else InvalidSpec is expected. */
  readonly isValid: boolean;
  readonly isRollback: boolean;
  /** How things were when the spec was applied. */
  readonly before: Look;
  /** Value of the force-sync annotation that must be served. */
  readonly token: string | undefined;
}

export interface Served {
  readonly expected: Expectation;
  /** As it was last seen. */
  readonly object: JsonRecord;
  readonly violations: readonly Violation[];
  /** Id of the help that a roll-back needed. */
  readonly help: string | undefined;
}

/** What a roll-back, like everything else, may take. */
const RECOVERY_MS = 30_000;
const LOOK_INTERVAL_MS = 100;
export const FORCE_SYNC = "fairlead.dev/force-sync";

export async function lookAround({ team }: FuzzSite, names: SequenceNames): Promise<Look> {
  const object = await team.externalSecret(names.self);
  return { object, secrets: await lookAt(team, [...secretNames(names), NEIGHBOUR]) };
}

export async function serve(serving: Serving): Promise<Served> {
  const expected = await expectationNow(serving, serving.before);
  const mustRecover = serving.isRollback && expected.kind !== "content";
  return mustRecover ? recover(serving, expected) : reach(serving, expected);
}

async function expectationNow(
  { site, names, spec, isValid, token }: Serving,
  { object, secrets }: Look,
): Promise<Expectation> {
  if (!isValid) return { kind: "kept", reasons: ["InvalidSpec"] };
  const { team, remotes, stores } = site;
  const uid = textAt(await team.externalSecret(names.self), "metadata", "uid");
  return expectationOf(
    spec,
    { namespace: team.namespace, remotes, stores },
    {
      self: { name: names.self, uid },
      wasMade: valueAt(object, "status", "createdFor") === uid,
      isForced: token !== undefined,
      before: secrets,
    },
  );
}

/** The roll-back of a spec that cannot be served as things are: allowed only where the list says so, and with its help. */
async function recover(serving: Serving, expected: Expectation): Promise<Served> {
  const { site, names } = serving;
  const first = await reach(serving, expected);
  const target = serving.before.secrets.get(targetName(serving));
  const listed = helpFor(expected, target);
  if (listed === undefined) {
    const detail = `${wordsFor(expected)}, and nothing brings the good state back`;
    return { ...first, violations: [...first.violations, { check: "not recovered by the roll-back", detail }] };
  }
  await giveHelp(serving, listed);
  const before = await lookAround(site, names);
  const second = await reach({ ...serving, before }, await expectationNow(serving, before));
  const isGood = second.expected.kind === "content";
  const stuck: readonly Violation[] = isGood
    ? []
    : [
        {
          check: "not recovered by the roll-back",
          detail: `not even with help (${listed.id}): ${wordsFor(second.expected)}`,
        },
      ];
  return { ...second, violations: [...first.violations, ...second.violations, ...stuck], help: listed.id };
}

async function giveHelp(serving: Serving, { help }: RollbackHelp): Promise<void> {
  const { site, names } = serving;
  const { team } = site;
  const name = targetName(serving);
  if (help === "adopt") {
    await annotateSecret(team, name, { "fairlead.dev/adopt": names.self });
    return;
  }
  await deletePath(team, team.secretPath(name));
  if (name === names.foreign) await makeForeignSecret(team, name);
}

async function reach(serving: Serving, expected: Expectation): Promise<Served> {
  const { site, names, before } = serving;
  const settled = await settle(serving, expected);
  if (!settled.isReached) return { ...settled, expected, help: undefined };
  const outcome = {
    self: { name: names.self, uid: textAt(settled.object, "metadata", "uid") },
    targetName: targetName(serving),
    before: before.secrets,
    after: (await lookAround(site, names)).secrets,
  };
  const violations = [...settled.violations, ...judgeRejections(settled.object), ...judgeSecrets(expected, outcome)];
  return { expected, object: settled.object, violations, help: undefined };
}

interface Settled {
  readonly isReached: boolean;
  readonly object: JsonRecord;
  readonly violations: readonly Violation[];
}

async function settle(serving: Serving, expected: Expectation): Promise<Settled> {
  const { site, names, before, token } = serving;
  const name = targetName(serving);
  const found = new Map<string, Violation>();
  const deadlineMs = performance.now() + RECOVERY_MS;
  for (;;) {
    const object = (await site.team.externalSecret(names.self)) ?? {};
    const target = (await lookAt(site.team, [name])).get(name);
    for (const violation of judgeLook(expected, object, { target, before: before.secrets.get(name) })) {
      found.set(`${violation.check}: ${violation.detail}`, violation);
    }
    const isServed = token === undefined || valueAt(object, "status", "lastHandledForceSync") === token;
    if (isServed && isReached(expected, object, target))
      return { isReached: true, object, violations: [...found.values()] };
    if (performance.now() > deadlineMs) {
      return { isReached: false, object, violations: [...found.values(), late(serving, expected, { object, target })] };
    }
    await pause(LOOK_INTERVAL_MS);
  }
}

function late(
  { isRollback }: Serving,
  expected: Expectation,
  { object, target }: { readonly object: JsonRecord; readonly target: SecretView | undefined },
): Violation {
  const ready = condition(object, "Ready");
  const [status, reason, message] = ["status", "reason", "message"].map(
    (field) => optionalTextAt(ready, field) ?? "none",
  );
  const said = `Ready=${status ?? ""} ${reason ?? ""}: ${message ?? ""}`;
  const faults = expected.kind === "content" ? `; ${contentFaults(expected, target).join(", ")}` : "";
  const check = isRollback ? "not recovered by the roll-back" : "not the wanted outcome";
  return { check, detail: `after ${RECOVERY_MS / 1000} s not ${wordsFor(expected)}, but ${said}${faults}` };
}

function targetName({ spec, names }: Pick<Serving, "spec" | "names">): string {
  return optionalTextAt(spec, "target", "name") ?? names.self;
}
