// Sequences of specs: a good one, one to four others, and back to the good one. Everything follows from the run's seed and
// the sequence's number. Each kind of step comes first in some sequence, so that a run of as many sequences as there are
// kinds has tried them all.

import type { JsonRecord } from "../testbed/json.ts";
import { badSteps } from "./bad-steps.ts";
import { createDice } from "./dice.ts";
import { clusterStoreNames, NEIGHBOUR, type SequenceNames, sequenceNames } from "./fuzz-site.ts";
import { invalidSteps } from "./invalid-steps.ts";
import { brokenValue, changedSomewhere, type ValueContext, type ValueHints, validValue } from "./schema-values.ts";
import { goodSpec, keyOf, type SpecContext } from "./spec-parts.ts";
import type { CrdObject } from "./crd-schema.ts";
import type { Intent, StepContext, StepMaker } from "./steps.ts";
import { validSteps } from "./valid-steps.ts";

export interface StepPlan {
  readonly intent: Intent;
  readonly kind: string;
  readonly spec: unknown;
  readonly isForced: boolean;
}

export interface SequencePlan {
  readonly index: number;
  readonly names: SequenceNames;
  readonly steps: readonly StepPlan[];
  /** Shown to admission and to the parser only. */
  readonly probes: readonly unknown[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly namespace: string;
  readonly schema: CrdObject;
}

const PROBES = 8;

const schemaSteps: readonly StepMaker[] = [
  { kind: "a change by the schema", make: (good, context) => changedBySchema(good, context) },
  {
    kind: "three changes by the schema",
    make: (good, context) => [1, 2, 3].reduce((spec: unknown) => changedBySchema(spec, context), good),
  },
  { kind: "a break of the schema", make: (good, context) => brokenSpec(good, context) },
  { kind: "a spec of the schema", make: (_, context) => validValue(context.schema, "", valueContext(context)) },
];

const tables: Readonly<Record<Exclude<Intent, "good" | "rollback">, readonly StepMaker[]>> = {
  valid: validSteps,
  bad: badSteps,
  invalid: invalidSteps,
  schema: schemaSteps,
};

interface Choice {
  readonly intent: Intent;
  readonly maker: StepMaker;
}

const choices: readonly Choice[] = [
  ...validSteps.map((maker) => ({ intent: "valid" as const, maker })),
  ...badSteps.map((maker) => ({ intent: "bad" as const, maker })),
  ...invalidSteps.map((maker) => ({ intent: "invalid" as const, maker })),
  ...schemaSteps.map((maker) => ({ intent: "schema" as const, maker })),
];

/** So many sequences try every kind of step. */
export const KINDS = choices.length;

export function planSequence(index: number, { seed, namespace, schema }: PlanOptions): SequencePlan {
  const dice = createDice(seed).fork(index);
  const names = sequenceNames(index);
  const context: StepContext = { dice, namespace, names, schema };
  const good = goodSpec(context);
  const first = choices.slice(index % KINDS).slice(0, 1);
  const others = Array.from({ length: dice.integer(0, 3) }, () => anyChoice(context));
  const between = [...first, ...others].map(({ intent, maker }) => ({
    intent,
    kind: maker.kind,
    spec: maker.make(good, context),
    isForced: maker.isForced === true,
  }));
  const ends = { spec: good, isForced: false };
  return {
    index,
    names,
    steps: [{ intent: "good", kind: "good", ...ends }, ...between, { intent: "rollback", kind: "rollback", ...ends }],
    probes: Array.from({ length: PROBES }, () => dice.pick(schemaSteps).make(good, context)),
  };
}

function anyChoice({ dice }: SpecContext): Choice {
  const intent = dice.pick(["valid", "valid", "valid", "bad", "bad", "bad", "invalid", "schema"] as const);
  return { intent, maker: dice.pick(tables[intent]) };
}

function changedBySchema(spec: unknown, context: StepContext): unknown {
  const values = valueContext(context);
  const { dice } = context;
  return changedSomewhere(context.schema, spec, {
    path: "",
    replace: (node, path) => (dice.chance(0.05) ? null : validValue(node, path, values)),
    dice,
  });
}

function brokenSpec(good: JsonRecord, context: StepContext): unknown {
  const values = valueContext(context);
  const replace = (node: Parameters<typeof brokenValue>[0], path: string): unknown => brokenValue(node, path, values);
  return changedSomewhere(context.schema, good, { path: "", replace, dice: context.dice });
}

function valueContext(context: StepContext): ValueContext {
  return { dice: context.dice, hints: hintsOf(context) };
}

/** A target is always one of the sequence's own names: no sequence may disturb another. */
function hintsOf(context: SpecContext): ValueHints {
  const { namespace, names } = context;
  const { open, closed } = clusterStoreNames(namespace);
  const stores = ["vault", "vault", "vault1", "locked", "mismatched", "nowhere", open, closed];
  const keys = ["app/db", "app/db", "app/all", "app/coded", "app/gone", "denied/key", "find/db-1", "app/nowhere"];
  const paths = [keyOf(context, "find"), keyOf(context, "app"), keyOf(context, "find/nested/"), namespace, ""];
  const patterns = ["db-", "^.*/db-[0-9]$", "web|db", "a", "-", "^.*/([^/]+)$"];
  const hint = (values: readonly unknown[], always = false) => ({ values, always });
  const remote = {
    key: hint(keys.map((name) => keyOf(context, name))),
    property: hint(["password", "username", "nested.deep.leaf", "nested.list.1", "dotted.name", "nope", "", "*"]),
    version: hint(["1", "2", "3", "", "latest"]),
  };
  return new Map([
    ["target.name", hint([names.self, names.other, names.foreign, NEIGHBOUR], true)],
    ["secretStoreRef.name", hint(stores)],
    ["data[].sourceRef.storeRef.name", hint(stores)],
    ["dataFrom[].sourceRef.storeRef.name", hint(stores)],
    ["refreshInterval", hint(["0", "1h", "15m", "2s", "1h30m", "0.5h"])],
    ["dataFrom[].find.path", hint(paths)],
    ["dataFrom[].find.name.regexp", hint(patterns)],
    ["dataFrom[].find.tags", hint([{}, { tier: "db" }, { tier: "web" }])],
    ["dataFrom[].rewrite[].regexp.source", hint(patterns)],
    ["dataFrom[].rewrite[].regexp.target", hint(["_", "$1", "x"])],
    ...Object.entries(remote).flatMap(([name, values]) => [
      [`data[].remoteRef.${name}`, values] as const,
      [`dataFrom[].extract.${name}`, values] as const,
    ]),
  ]);
}
