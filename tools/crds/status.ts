// Schemas of status. Lengths are bounds that our own writes never reach; reasons are open text, so that a CRD of an
// older release does not refuse a newer operator's status.

import { z } from "zod";
import {
  ENTRIES_MAX,
  ENTRY_SECRET_KEYS_MAX,
  MESSAGE_MAX,
  REVISION_CHANGES_MAX,
  REVISIONS_MAX,
} from "../../src/core/status/limits.ts";
import { atomicList, mapList, text } from "./fields.ts";

/** A remote key, or a `find` in words: path, pattern and tags at their longest. */
const MAX_ENTRY_KEY = 8_192;
const MAX_VERSION = 256;

const count = (description: string) => z.int().min(0).describe(description);
const time = (description: string) => text(64, description).meta({ format: "date-time" });
const name = (description: string) => text(253, description);
const version = (description: string) => text(MAX_VERSION, description);
const reason = (description: string) => text(64, description);

const conditions = mapList(
  z
    .object({
      type: text(64, "Ready, Reconciling or Stalled."),
      status: z.enum(["True", "False", "Unknown"]).describe("Whether the condition holds."),
      reason: reason("Why, in one word."),
      message: text(MESSAGE_MAX, "Why, and what to do."),
      observedGeneration: z.int().describe("The generation of the spec that this is about."),
      lastTransitionTime: time("When status last changed."),
    })
    .describe("One aspect of the state."),
  { key: "type", maxItems: 16 },
  "The state by aspect.",
).optional();

const observedGeneration = z.int().describe("The generation of the spec that status is about.").optional();

const storeOfEntry = {
  storeKind: z.enum(["SecretStore", "ClusterSecretStore"]).describe("Kind of the store."),
  store: name("Name of the store."),
  key: text(MAX_ENTRY_KEY, "The remote key, or the query of a find."),
};

const entry = z
  .object({
    ...storeOfEntry,
    pinnedVersion: version("The version that the spec stays at.").optional(),
    version: version("The remote version that the Secret holds.").optional(),
    createdTime: text(64, "When the store created that version.").optional(),
    latestVersion: version("A newer version that was seen and is held back.").optional(),
    secretKeys: atomicList(
      name("A key of the Secret."),
      ENTRY_SECRET_KEYS_MAX,
      "Keys of the Secret from this entry, the first ten.",
    ),
    secretKeysTotal: count("How many keys of the Secret come from this entry."),
    state: z.enum(["Synced", "Pending", "Failed"]).describe("Whether the Secret holds what the store has."),
    reason: reason("Why it failed, in one word.").optional(),
    message: text(MESSAGE_MAX, "Why it failed, and what to do.").optional(),
    since: time("Since when it fails for this reason.").optional(),
  })
  .describe("One remote secret, or one find.");

const revision = z
  .object({
    revision: count("Number of the revision."),
    time: time("When it was written."),
    changed: atomicList(
      z
        .object({
          ...storeOfEntry,
          from: version("The version before.").optional(),
          to: version("The version after.").optional(),
        })
        .describe("One remote secret."),
      REVISION_CHANGES_MAX,
      "What changed, at most twenty.",
    ),
    changedTotal: count("How many remote secrets changed."),
  })
  .describe("One change of the Secret's content.");

export const externalSecretStatus = z
  .object({
    observedGeneration,
    conditions,
    binding: z
      .object({ name: name("Name of the Secret.") })
      .describe("The Secret, for Service Binding.")
      .optional(),
    refreshTime: time("The last successful sync that was written down.").optional(),
    lastChangeTime: time("When the content of the Secret last changed by us.").optional(),
    lastHandledForceSync: text(64, "The force-sync annotation that was served last.").optional(),
    createdFor: text(64, "CreatedOnce: uid of the ExternalSecret that has made its Secret.").optional(),
    keys: z
      .object({ total: count("How many keys."), digest: text(128, "Digest of their names.") })
      .describe("Names of the keys in the Secret.")
      .optional(),
    syncedResourceVersion: text(128, "Spec, labels and annotations that the Secret was made from.").optional(),
    versionSummary: text(MAX_VERSION, "The remote version, or how many keys there are.").optional(),
    entryCounts: z
      .object({ total: count("All."), synced: count("Synced."), failed: count("Failed.") })
      .describe("Entries by state.")
      .optional(),
    entries: atomicList(entry, ENTRIES_MAX, "Remote secrets and their versions, failed ones first.").optional(),
    revision: count("Rises by one with each change of the Secret's content.").optional(),
    history: atomicList(revision, REVISIONS_MAX, "What changed the Secret, newest first.").optional(),
  })
  .describe("What the operator found and did.");

export const secretStoreStatus = z
  .object({
    observedGeneration,
    conditions,
    capabilities: z.enum(["ReadOnly"]).describe("What the store can do.").optional(),
    lastValidated: time("When the outcome of the validation last changed.").optional(),
    backendIdentity: text(1_024, "What lies behind the store, as last accepted.").optional(),
    lastHandledForceSync: text(64, "Value of the force-sync annotation that was served.").optional(),
  })
  .describe("Whether the store can be used.");
