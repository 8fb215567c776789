// Runs one sequence against the real servers, step by step, and notes what each came to.

import { optionalTextAt } from "../testbed/json.ts";
import { applySpec, deletePath, makeForeignSecret, parserVerdict, showSpec } from "./fuzz-client.ts";
import { type FuzzSite, secretNames } from "./fuzz-site.ts";
import { judgeAgreement, judgeRefusal, rejectionsIn } from "./judge.ts";
import type { Expectation } from "./oracle.ts";
import { FORCE_SYNC, lookAround, serve, type Served, type Serving } from "./serve-step.ts";
import type { SequencePlan, StepPlan } from "./spec-sequences.ts";
import type { Intent } from "./steps.ts";
import type { Violation } from "./violation.ts";

export interface StepRecord {
  readonly intent: Intent;
  readonly kind: string;
  readonly accepted: boolean;
  /** Undefined for a refused spec. */
  readonly expected: Expectation["kind"] | undefined;
  /** Ids of the listed code-only rejections that were seen. */
  readonly rejections: readonly string[];
  /** Id of the listed help that a roll-back needed. */
  readonly help: string | undefined;
  readonly violations: readonly Violation[];
}

export interface ProbeRecord {
  readonly accepted: boolean;
  readonly violations: readonly Violation[];
}

export interface SequenceRecord {
  readonly index: number;
  readonly steps: readonly StepRecord[];
  readonly probes: readonly ProbeRecord[];
}

export async function runSequence(site: FuzzSite, plan: SequencePlan): Promise<SequenceRecord> {
  const { index, names } = plan;
  const { team } = site;
  await makeForeignSecret(team, names.foreign);
  const steps: StepRecord[] = [];
  for (const [number, step] of plan.steps.entries()) steps.push(await runStep({ site, plan, number }, step));
  const probes: ProbeRecord[] = [];
  for (const spec of plan.probes) probes.push(await runProbe(site, spec));
  await deletePath(team, team.externalSecretPath(names.self));
  for (const name of secretNames(names)) await deletePath(team, team.secretPath(name));
  return { index, steps, probes };
}

async function runProbe({ team }: FuzzSite, spec: unknown): Promise<ProbeRecord> {
  const verdict = await showSpec(team, spec);
  return { accepted: verdict.accepted, violations: judgeAgreement(verdict, parserVerdict(team, spec)) };
}

interface Place {
  readonly site: FuzzSite;
  readonly plan: SequencePlan;
  /** Of the step in its sequence. */
  readonly number: number;
}

async function runStep(place: Place, step: StepPlan): Promise<StepRecord> {
  const { site, plan } = place;
  const { intent, kind, spec } = step;
  const parser = parserVerdict(site.team, spec);
  const before = await lookAround(site, plan.names);
  const token = optionalTextAt(before.object, "metadata", "annotations", FORCE_SYNC);
  const verdict = await applySpec(site.team, plan.names.self, spec, token === undefined ? {} : { [FORCE_SYNC]: token });
  const disagreements = [...judgeAgreement(verdict, parser), ...judgeIntent(step, verdict.accepted)];
  if (!verdict.accepted) {
    const changes = judgeRefusal(before, await lookAround(site, plan.names));
    const violations = [...disagreements, ...changes];
    return { intent, kind, accepted: false, expected: undefined, rejections: [], help: undefined, violations };
  }
  const serving: Serving = {
    site,
    names: plan.names,
    spec,
    isValid: parser.accepted,
    isRollback: intent === "rollback",
    before,
    token: undefined,
  };
  const served = [await serve(serving), ...(step.isForced ? [await force(serving, place)] : [])];
  return {
    intent,
    kind,
    accepted: true,
    expected: served.at(-1)?.expected.kind,
    rejections: served.flatMap(({ object }) => rejectionsIn(object).flatMap(({ listed }) => listed?.id ?? [])),
    help: served.at(-1)?.help,
    violations: [...disagreements, ...served.flatMap(({ violations }) => violations)],
  };
}

async function force(serving: Serving, { site, plan, number }: Place): Promise<Served> {
  const token = `step-${number}`;
  const before = await lookAround(site, plan.names);
  await applySpec(site.team, plan.names.self, serving.spec, { [FORCE_SYNC]: token });
  return serve({ ...serving, before, token });
}

/** What a step was made for: the tables say which specs are well-formed and which break a rule. */
function judgeIntent({ intent, kind }: StepPlan, accepted: boolean): readonly Violation[] {
  if (intent === "schema" || accepted === (intent !== "invalid")) return [];
  return [{ check: "not the wanted outcome", detail: `${kind} was ${accepted ? "accepted" : "refused"} at admission` }];
}
