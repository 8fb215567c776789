// Schema of an ExternalSecret's spec: what is served, nothing else. A field enters with the code that serves it.

import { z } from "zod";
import {
  ANNOTATION_NAME_PATTERN,
  LABEL_NAME_PATTERN,
  LABEL_VALUE_PATTERN,
  METADATA_NAME_MAX,
  OWN_METADATA_PREFIX,
  REFUSED_SECRET_TYPES,
  ruleMessages,
} from "../../src/core/spec/rules.ts";
import { celText } from "./cel.ts";
import { atomicList, mapList, objectName, ruled, ruledText, someText, text, textMap } from "./fields.ts";
import { intervalRule } from "./interval-rule.ts";

const storeKinds = ["SecretStore", "ClusterSecretStore"] as const;

const storeRef = z
  .object({
    name: objectName("Name of the store."),
    kind: z.enum(storeKinds).describe("Kind of the store; SecretStore if left out.").optional(),
  })
  .describe("The store to read from.");

const sourceRef = ruled(
  z
    .object({ storeRef: storeRef.describe("The store that this entry reads from.").optional() })
    .describe("Where this entry reads from, in place of secretStoreRef."),
  [{ rule: "has(self.storeRef)", message: ruleMessages.emptySourceRef }],
).optional();

const conversion = {
  conversionStrategy: z
    .enum(["Default", "Unicode"])
    .describe(
      "How characters that a Secret key cannot hold are replaced: Default by _, Unicode by _Uxxxx_. Default if left out.",
    )
    .optional(),
  decodingStrategy: z
    .enum(["None", "Base64", "Base64URL", "Auto"])
    .describe("How values are decoded before they are written. None if left out.")
    .optional(),
  nullBytePolicy: z
    .enum(["Ignore", "Fail"])
    .describe("Whether a value that holds a NUL byte is an error. Ignore if left out.")
    .optional(),
};

const remoteRef = z.object({
  key: someText(1024, "Name of the remote secret, as its provider spells it."),
  property: text(1024, "A property inside the remote secret: a key, or a path of keys joined by dots.").optional(),
  version: text(256, "A version to stay at. The current one if left out.").optional(),
  metadataPolicy: z
    .enum(["None", "Fetch"])
    .describe("Fetch reads the metadata of the remote secret in place of its value. None if left out.")
    .optional(),
  ...conversion,
});

const find = z
  .object({
    path: text(1024, "List below this path only.").optional(),
    name: z
      .object({ regexp: someText(512, "An RE2 pattern that matches anywhere in the name.") })
      .describe("Which names are taken.")
      .optional(),
    tags: ruled(textMap(16, 256, "Tags that a remote secret must carry, each with this value."), [
      { rule: "self.all(name, size(name) >= 1 && size(name) <= 128)", message: ruleMessages.tagName },
    ]).optional(),
    ...conversion,
  })
  .describe("Takes all remote secrets that match; one key of the Secret for each.");

const rewrite = atomicList(
  z
    .object({
      regexp: z
        .object({
          source: someText(512, "An RE2 pattern; every match in the key is replaced."),
          target: text(512, "The replacement; $1 and ${name} stand for groups."),
        })
        .describe("Replaces by pattern."),
    })
    .describe("One step."),
  32,
  "Steps that rename the keys, applied in order.",
).optional();

const data = mapList(
  z
    .object({
      secretKey: ruledText(253, "secretKey", "The key of the Secret to fill."),
      remoteRef: remoteRef.describe("The remote value."),
      sourceRef,
    })
    .describe("One key of the Secret."),
  { key: "secretKey", maxItems: 256 },
  "Keys of the Secret, one by one. They win over dataFrom.",
).optional();

const dataFrom = atomicList(
  ruled(
    z
      .object({
        extract: remoteRef.describe("Takes every property of one remote secret.").optional(),
        find: find.optional(),
        rewrite,
        sourceRef,
      })
      .describe("Many keys of the Secret at once."),
    [{ rule: "has(self.extract) != has(self.find)", message: ruleMessages.oneSource }],
  ),
  64,
  "Sources of many keys, applied in order; later ones win.",
).optional();

const refusedTypes = REFUSED_SECRET_TYPES.map(celText).join(", ");
const templateMapRules = (namePattern: string) => [
  { rule: "self.all(name, !self[name].contains('{{'))", message: ruleMessages.templateSyntax },
  { rule: `self.all(name, !name.startsWith(${celText(OWN_METADATA_PREFIX)}))`, message: ruleMessages.ownMetadata },
  {
    rule: `self.all(name, size(name) <= ${METADATA_NAME_MAX} && name.matches(${celText(namePattern)}))`,
    message: ruleMessages.metadataName,
  },
];
const labelValueRule = {
  rule: `self.all(name, self[name].matches(${celText(LABEL_VALUE_PATTERN)}))`,
  message: ruleMessages.labelValue,
};

const template = z
  .object({
    type: ruled(text(253, "Type of the Secret. Opaque if left out."), [
      { rule: `!(self in [${refusedTypes}])`, message: ruleMessages.secretType },
    ]).optional(),
    metadata: z
      .object({
        labels: ruled(textMap(64, 63, "Labels of the Secret."), [
          ...templateMapRules(LABEL_NAME_PATTERN),
          labelValueRule,
        ]).optional(),
        annotations: ruled(
          textMap(64, 4096, "Annotations of the Secret."),
          templateMapRules(ANNOTATION_NAME_PATTERN),
        ).optional(),
      })
      .describe("Labels and annotations of the Secret, literal.")
      .optional(),
  })
  .describe("What the Secret looks like. Without it, labels and annotations of the ExternalSecret are copied.");

/** The API server also judges the default of target, {}, before it fills in the defaults inside. */
const UNDEFAULTED = "!has(self.deletionPolicy) || !has(self.creationPolicy)";

const target = ruled(
  z
    .object({
      name: objectName("Name of the Secret; the name of the ExternalSecret if left out.").optional(),
      creationPolicy: z
        .enum(["Owner", "Orphan", "Merge", "CreateOrMerge", "None"])
        .default("Owner")
        .describe(
          "Owner: the Secret is ours and goes with the ExternalSecret. Orphan: it stays. Merge: add keys to a Secret that exists. CreateOrMerge: make it if absent. None: write nothing.",
        ),
      deletionPolicy: z
        .enum(["Retain", "Delete", "Merge"])
        .default("Retain")
        .describe(
          "What a confirmed absence of the remote secret does. Retain: nothing. Delete: removes the Secret when no entry is left. Merge: removes the keys.",
        ),
      immutable: z.boolean().describe("Makes the Secret immutable.").optional(),
      template: template.optional(),
    })
    .describe("The Secret to write."),
  [
    {
      rule: `${UNDEFAULTED} || self.deletionPolicy != 'Delete' || self.creationPolicy in ['Owner', 'Orphan']`,
      message: ruleMessages.deletePolicy,
    },
    {
      rule: `${UNDEFAULTED} || self.deletionPolicy != 'Merge' || self.creationPolicy != 'None'`,
      message: ruleMessages.mergePolicy,
    },
  ],
);

const ownStores = (list: string) => `(!has(self.${list}) || self.${list}.all(entry, has(entry.sourceRef)))`;

export const externalSecretSpec = ruled(
  z
    .object({
      secretStoreRef: storeRef
        .extend({ kind: z.enum(storeKinds).default("SecretStore").describe("Kind of the store.") })
        .describe("The store to read from; an entry may name another by its sourceRef.")
        .optional(),
      refreshPolicy: z
        .enum(["Periodic", "OnChange", "CreatedOnce"])
        .default("Periodic")
        .describe("Periodic: every refreshInterval. OnChange: when the ExternalSecret changes. CreatedOnce: once."),
      refreshInterval: ruled(
        someText(
          32,
          'How late a change in the store may be noticed: "0" (never by time), or 1s to 8760h such as 1h30m.',
        ).default("1h"),
        [{ rule: intervalRule("self"), message: ruleMessages.interval }],
      ),
      suspend: z.boolean().describe("While true, nothing is read or written.").optional(),
      target: target.prefault({}),
      data,
      dataFrom,
    })
    .describe("What to read, and where to write it."),
  [
    {
      rule: "(has(self.data) && size(self.data) > 0) || (has(self.dataFrom) && size(self.dataFrom) > 0)",
      message: ruleMessages.noSource,
    },
    {
      rule: `has(self.secretStoreRef) || (${ownStores("data")} && ${ownStores("dataFrom")})`,
      message: ruleMessages.noStore,
    },
  ],
);
