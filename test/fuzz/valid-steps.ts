// Steps to another spec that is as well-formed as the good one: other entries, names, policies, metadata and times.

import { type JsonRecord, listAt } from "../testbed/json.ts";
import { clusterStoreNames } from "./fuzz-site.ts";
import {
  deletionPolicies,
  goodData,
  goodDataFrom,
  goodRemoteRef,
  goodSpec,
  goodTemplate,
  keyOf,
  withEntry,
  withFields,
  withSource,
  withTarget,
} from "./spec-parts.ts";
import type { StepMaker } from "./steps.ts";

const CREATION_POLICIES = ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"];

export const validSteps: readonly StepMaker[] = [
  { kind: "another good spec", make: (_, context) => goodSpec(context) },
  { kind: "the same spec", make: (good) => good },
  { kind: "other entries", make: (good, context) => withFields(good, { data: goodData(context) }) },
  { kind: "one entry more", make: (good, context) => withEntry(good, goodRemoteRef(context)) },
  { kind: "one entry less", make: oneEntryLess },
  { kind: "one source more", make: (good, context) => withSource(good, goodDataFrom(context)) },
  {
    kind: "entries turned round",
    make: (good) =>
      withFields(good, { data: listAt(good, "data").toReversed(), dataFrom: listAt(good, "dataFrom").toReversed() }),
  },
  {
    kind: "data over dataFrom",
    make: (good, context) => {
      const extract = { extract: { key: keyOf(context, "app/db") } };
      const data = [
        { secretKey: "password", remoteRef: { key: keyOf(context, "app/db"), version: "1", property: "password" } },
      ];
      return withFields(withSource(good, extract), { data });
    },
  },
  {
    kind: "an entry of another store",
    make: (good, context) => {
      const { open } = clusterStoreNames(context.namespace);
      const storeRef = context.dice.pick([
        { name: open, kind: "ClusterSecretStore" },
        { name: "vault1" },
        { name: "vault" },
      ]);
      return withEntry(good, { key: keyOf(context, "app/db"), property: "password" }, { sourceRef: { storeRef } });
    },
  },
  {
    kind: "metadata of a remote secret",
    make: (good, context) => {
      const property = context.dice.pick(["tier", "team", "created_time", ""]);
      return withEntry(good, { key: keyOf(context, "find/db-1"), metadataPolicy: "Fetch", property });
    },
  },
  {
    kind: "another creationPolicy",
    make: (good, { dice }) => {
      const creationPolicy = dice.pick(CREATION_POLICIES);
      return withTarget(good, { creationPolicy, deletionPolicy: dice.pick(deletionPolicies(creationPolicy)) });
    },
  },
  {
    kind: "another target name",
    make: (good, { dice, names }) =>
      withTarget(good, dice.pick([{ name: names.other }, { name: names.self }, { name: undefined }])),
  },
  {
    kind: "another policy and name",
    make: (good, { dice, names }) => {
      const creationPolicy = dice.pick(CREATION_POLICIES);
      const deletionPolicy = dice.pick(deletionPolicies(creationPolicy));
      return withTarget(good, { name: dice.pick([names.other, names.foreign]), creationPolicy, deletionPolicy });
    },
  },
  {
    kind: "immutable",
    make: (good, context) => {
      const isOther = context.dice.chance(0.5);
      return withTarget(isOther ? withFields(good, { data: goodData(context) }) : good, { immutable: true });
    },
  },
  { kind: "another template", make: (good, { dice }) => withTarget(good, { template: goodTemplate(dice) }) },
  {
    kind: "another type",
    make: (good, { dice }) =>
      withTarget(good, { template: { type: dice.pick(["example.com/own", "kubernetes.io/tls", ""]) } }),
  },
  {
    kind: "another type and name",
    make: (good, { dice, names }) =>
      withTarget(good, {
        name: names.other,
        template: { type: dice.pick(["example.com/own", "kubernetes.io/basic-auth", "Opaque"]) },
      }),
  },
  {
    kind: "another interval",
    make: (good, { dice }) =>
      withFields(good, { refreshInterval: dice.pick(["0", "1s", "2s", "8760h", "1m30s", "1500ms", "0h"]) }),
  },
  {
    kind: "OnChange",
    make: (good, context) => withFields(withEntry(good, goodRemoteRef(context)), { refreshPolicy: "OnChange" }),
  },
  {
    kind: "CreatedOnce",
    make: (good, context) =>
      withFields(context.dice.chance(0.5) ? goodSpec(context) : good, { refreshPolicy: "CreatedOnce" }),
  },
  {
    kind: "suspended",
    make: (good, context) => withFields(withEntry(good, goodRemoteRef(context)), { suspend: true }),
  },
];

function oneEntryLess(good: JsonRecord): JsonRecord {
  const data = listAt(good, "data");
  return data.length + listAt(good, "dataFrom").length > 1 ? { ...good, data: data.slice(1) } : good;
}
