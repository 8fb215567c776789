// Steps to specs that break a rule of the CRD, each a rule that no type or bound tells: admission must refuse them all.

import { type JsonRecord, listAt } from "../testbed/json.ts";
import { withEntry, withFields, withSource, withTarget } from "./spec-parts.ts";
import type { StepMaker } from "./steps.ts";

const INTERVALS = ["1d", "1", "-1h", "0.5s", "999ms", "8761h", "1h1h", "1m1h", "1.5555s", " 1h", "1H", "00"];
const SECRET_KEYS = [".", "..", "..a", "a/b", "a b", "ä", "a\n", "a=b"];
const NAMES = ["-a", "a-", "A", "a_b", "a..b", ".a", "a b", "ä", "a/b"];

const ANNOTATIONS: readonly JsonRecord[] = [
  { "not a name!": "x" },
  { "": "x" },
  { "a/": "x" },
  { ["n".repeat(64)]: "x" },
];
const LABELS: readonly JsonRecord[] = [...ANNOTATIONS, { tier: "not a label!" }, { tier: "-" }, { "A.b/c": "x" }];

export const invalidSteps: readonly StepMaker[] = [
  {
    kind: "no source",
    make: (good, { dice }) =>
      withFields(
        good,
        dice.pick([
          { data: [], dataFrom: [] },
          { data: undefined, dataFrom: undefined },
        ]),
      ),
  },
  { kind: "no store", make: (good) => withFields(withEntry(good, { key: "a" }), { secretStoreRef: undefined }) },
  { kind: "two sources in one entry", make: (good) => withSource(good, { extract: { key: "a" }, find: {} }) },
  { kind: "an entry without a source", make: (good, { dice }) => withSource(good, dice.pick([{}, { rewrite: [] }])) },
  {
    kind: "an empty sourceRef",
    make: (good, { dice }) =>
      dice.chance(0.5)
        ? withEntry(good, { key: "a" }, { sourceRef: {} })
        : withSource(good, { extract: { key: "a" }, sourceRef: {} }),
  },
  {
    kind: "an illegal interval",
    make: (good, { dice }) => withFields(good, { refreshInterval: dice.pick(INTERVALS) }),
  },
  {
    kind: "deletionPolicy Delete without ownership",
    make: (good, { dice }) =>
      withTarget(good, { creationPolicy: dice.pick(["Merge", "CreateOrMerge", "None"]), deletionPolicy: "Delete" }),
  },
  {
    kind: "deletionPolicy Merge with None",
    make: (good) => withTarget(good, { creationPolicy: "None", deletionPolicy: "Merge" }),
  },
  {
    kind: "a refused type",
    make: (good, { dice }) => {
      const type = dice.pick(["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"]);
      return withTarget(good, { template: { type } });
    },
  },
  {
    kind: "template syntax",
    make: (good, { dice }) =>
      withTarget(good, { template: { metadata: { [dice.pick(["labels", "annotations"])]: { a: "{{ .x }}" } } } }),
  },
  {
    kind: "metadata of ours",
    make: (good, { dice }) =>
      withTarget(good, {
        template: { metadata: { [dice.pick(["labels", "annotations"])]: { "fairlead.dev/adopt": "x" } } },
      }),
  },
  {
    kind: "a label that is none",
    make: (good, { dice }) => withTarget(good, { template: { metadata: { labels: dice.pick(LABELS) } } }),
  },
  {
    kind: "an annotation that is none",
    make: (good, { dice }) => withTarget(good, { template: { metadata: { annotations: dice.pick(ANNOTATIONS) } } }),
  },
  {
    kind: "a tag without a name",
    make: (good, { dice }) => withSource(good, { find: { tags: { [dice.pick(["", "t".repeat(129)])]: "a" } } }),
  },
  {
    kind: "an illegal secretKey",
    make: (good, { dice }) => withEntry(good, { key: "a" }, { secretKey: dice.pick(SECRET_KEYS) }),
  },
  { kind: "one secretKey twice", make: oneKeyTwice },
  { kind: "an illegal target name", make: (good, { dice }) => withTarget(good, { name: dice.pick(NAMES) }) },
  {
    kind: "an illegal store name",
    make: (good, { dice }) => withFields(good, { secretStoreRef: { name: dice.pick(NAMES) } }),
  },
  {
    kind: "a field that is not served",
    make: (good, { dice }) =>
      dice.pick([
        withFields(good, { refreshIntervall: "1h" }),
        withTarget(good, { template: { data: { a: "b" } } }),
        withEntry(good, { key: "a", keyy: "b" }),
      ]),
  },
];

function oneKeyTwice(good: JsonRecord): JsonRecord {
  const twice = { secretKey: "twice", remoteRef: { key: "a" } };
  return { ...good, data: [...listAt(good, "data"), twice, twice] };
}
