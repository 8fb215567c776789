// The generators: a seed repeats a run, every kind of step has its turn, and what they call good, valid or invalid is so.

import { describe, expect, test } from "vitest";
import { siteOf, situationOf } from "./builders.ts";
import { readSpecSchema } from "./crd-schema.ts";
import { createDice } from "./dice.ts";
import { parserVerdict } from "./fuzz-client.ts";
import { argumentFor } from "./code-only-rejections.ts";
import { expectationOf } from "./oracle.ts";
import { brokenValue, validValue } from "./schema-values.ts";
import { secretOf } from "./builders.ts";
import { KINDS, planSequence, type SequencePlan } from "./spec-sequences.ts";

const schema = readSpecSchema();
const namespace = "team";
const site = siteOf(namespace);

function plans(seed: number, count = KINDS): readonly SequencePlan[] {
  return Array.from({ length: count }, (_, index) => planSequence(index, { seed, namespace, schema }));
}

describe("dice", () => {
  test("of one seed throw the same, of another seed others", () => {
    const throws = (seed: number): string => createDice(seed).text(["a", "b", "c", "d"], 40);
    expect(throws(1)).toBe(throws(1));
    expect(throws(1)).not.toBe(throws(2));
  });

  test("of a part do not depend on what was thrown before", () => {
    const dice = createDice(1);
    const first = dice.fork(7).integer(0, 1_000_000);
    dice.integer(0, 9);
    expect(dice.fork(7).integer(0, 1_000_000)).toBe(first);
    expect(dice.fork(8).integer(0, 1_000_000)).not.toBe(first);
  });

  test("reach both ends of a range and nothing beyond", () => {
    const dice = createDice(1);
    const seen = new Set(Array.from({ length: 500 }, () => dice.integer(2, 5)));
    expect([...seen].sort()).toEqual([2, 3, 4, 5]);
  });

  test("throw where there is nothing to pick from", () => {
    expect(() => createDice(1).pick([])).toThrow("nothing to pick");
  });
});

describe("sequences", () => {
  test("follow from seed and number", () => {
    expect(plans(5, 20)).toEqual(plans(5, 20));
    expect(plans(5, 20)).not.toEqual(plans(6, 20));
  });

  test("begin with a good spec, and end with it", () => {
    for (const { steps } of plans(1)) {
      expect(steps[0]?.intent).toBe("good");
      expect(steps.at(-1)).toMatchObject({ intent: "rollback", spec: steps[0]?.spec });
      expect(steps.length).toBeGreaterThan(2);
    }
  });

  test("try each kind of step once in so many sequences", () => {
    const first = plans(1).map(({ steps }) => `${steps[1]?.intent ?? ""} ${steps[1]?.kind ?? ""}`);
    expect(new Set(first).size).toBe(KINDS);
  });

  test("have good specs that the oracle understands and wants served", () => {
    for (const { names, steps } of plans(2, 500)) {
      const foreign = secretOf({ theirs: "x" }, { controllerUid: undefined, mark: undefined, writers: {} });
      const situation = situationOf({
        self: { name: names.self, uid: "u" },
        before: new Map([[names.foreign, foreign]]),
      });
      expect(expectationOf(steps[0]?.spec, site, situation)).toMatchObject({ kind: "content" });
    }
  });

  test("have steps that the parser judges as they are meant", () => {
    const wrong = plans(3, 5 * KINDS).flatMap(({ steps }) =>
      steps.flatMap(({ intent, kind, spec }) => {
        if (intent === "schema") return [];
        const verdict = parserVerdict({ namespace }, spec);
        const isListed = !verdict.accepted && argumentFor("InvalidSpec", verdict.message) !== undefined;
        return (verdict.accepted || isListed) === (intent !== "invalid") ? [] : [{ kind, verdict }];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("show specs by the schema of which the parser takes some and refuses some", () => {
    const verdicts = plans(4).flatMap(({ probes }) =>
      probes.map((spec) => parserVerdict({ namespace }, spec).accepted),
    );
    const share = verdicts.filter(Boolean).length / verdicts.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.8);
  });
});

describe("values by the schema", () => {
  const entry = { secretKey: "a", remoteRef: { key: "b" } };
  const base = { secretStoreRef: { name: "vault" }, data: [entry] };
  const places: readonly { readonly path: readonly string[]; readonly within: (value: unknown) => object }[] = [
    { path: ["refreshPolicy"], within: (value) => ({ ...base, refreshPolicy: value }) },
    { path: ["suspend"], within: (value) => ({ ...base, suspend: value }) },
    { path: ["secretStoreRef"], within: (value) => ({ ...base, secretStoreRef: value }) },
    { path: ["secretStoreRef", "name"], within: (name) => ({ ...base, secretStoreRef: { name } }) },
    { path: ["target", "name"], within: (name) => ({ ...base, target: { name } }) },
    { path: ["target", "immutable"], within: (immutable) => ({ ...base, target: { immutable } }) },
    { path: ["target", "creationPolicy"], within: (creationPolicy) => ({ ...base, target: { creationPolicy } }) },
    { path: ["target", "template", "type"], within: (type) => ({ ...base, target: { template: { type } } }) },
  ];

  function nodeAt(path: readonly string[]) {
    return path.reduce<ReturnType<typeof readSpecSchema> | ReturnType<(typeof schema)["properties"]["get"]>>(
      (node, name) => (node?.kind === "object" ? node.properties.get(name) : undefined),
      schema,
    );
  }

  test.each(places)("broken ones are refused, and the others taken: $path", ({ path, within }) => {
    const node = nodeAt(path);
    if (node === undefined) throw new Error("the schema has no such field");
    const context = { dice: createDice(9), hints: new Map() };
    for (let round = 0; round < 200; round += 1) {
      const broken = brokenValue(node, path.join("."), context);
      expect({ broken, accepted: parserVerdict({ namespace }, within(broken)).accepted }).toEqual({
        broken,
        accepted: false,
      });
      const valid = validValue(node, path.join("."), context);
      expect({ valid, verdict: parserVerdict({ namespace }, within(valid)) }).toEqual({
        valid,
        verdict: { accepted: true },
      });
    }
  });
});
