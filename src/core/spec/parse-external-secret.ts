// From the wire to an ExternalSecretRecord. Structure is checked by the generated schema, the rules between fields
// here, in the words of the CRD's CEL rules, because manifests also come from files and from before a CRD upgrade.

import { failed, ok, type Result } from "../result.ts";
import { recordOf } from "../unknown.ts";
import { parseIntervalMs } from "./duration.ts";
import type {
  CreationPolicy,
  DeletionPolicy,
  ExternalSecretSpec,
  Source,
  StoreRef,
  Target,
  TargetTemplate,
} from "./external-secret.ts";
import { type ParseContext, parseContext } from "./parse-context.ts";
import { parseMeta } from "./parse-meta.ts";
import { parseDataEntry, parseDataFromEntry } from "./parse-source.ts";
import { parseExternalSecretStatus } from "./parse-status.ts";
import type { ExternalSecretRecord, SpecError } from "./records.ts";
import {
  ANNOTATION_NAME_PATTERN,
  LABEL_NAME_PATTERN,
  LABEL_VALUE_PATTERN,
  METADATA_NAME_MAX,
  OWN_METADATA_PREFIX,
  REFUSED_SECRET_TYPES,
  ruleMessages,
} from "./rules.ts";
import { externalSecretSpecSchema } from "./schemas/external-secret-spec.ts";
import { conform, type Wire } from "./wire-schema.ts";

type SpecWire = Wire<typeof externalSecretSpecSchema>;
type TargetWire = NonNullable<SpecWire["target"]>;
type TemplateWire = NonNullable<TargetWire["template"]>;

const DEFAULT_REFRESH_INTERVAL = "1h";
const labelName = new RegExp(LABEL_NAME_PATTERN);
const annotationName = new RegExp(ANNOTATION_NAME_PATTERN);
const labelValue = new RegExp(LABEL_VALUE_PATTERN);

/** Fails only if the object has no name; an invalid spec is a value of the record. */
export function parseExternalSecret(raw: unknown): Result<ExternalSecretRecord, SpecError> {
  const meta = parseMeta(raw);
  if (!meta.ok) return meta;
  return ok({
    meta: meta.value,
    spec: parseExternalSecretSpec(recordOf(raw)["spec"], meta.value.name),
    status: parseExternalSecretStatus(recordOf(raw)["status"]),
  });
}

/** `name`: of the ExternalSecret, the default of the target's. */
export function parseExternalSecretSpec(raw: unknown, name: string): Result<ExternalSecretSpec, SpecError> {
  const wire = conform(externalSecretSpecSchema, raw, "spec");
  if (!wire.ok) return wire;
  const context = parseContext();
  const spec = {
    refreshPolicy: wire.value.refreshPolicy ?? "Periodic",
    refreshIntervalMs: parseInterval(wire.value.refreshInterval ?? DEFAULT_REFRESH_INTERVAL, context),
    suspend: wire.value.suspend ?? false,
    target: parseTarget(wire.value.target ?? {}, name, context),
    sources: parseSources(wire.value, context),
  };
  const [problem] = context.problems;
  return problem === undefined ? ok(spec) : failed(problem);
}

function parseInterval(text: string, context: ParseContext): number {
  const ms = parseIntervalMs(text);
  if (ms === undefined) context.problems.push({ path: "spec.refreshInterval", message: ruleMessages.interval });
  return ms ?? 0;
}

function parseSources(spec: SpecWire, context: ParseContext): readonly Source[] {
  const { data = [], dataFrom = [], secretStoreRef } = spec;
  if (data.length + dataFrom.length === 0) context.problems.push({ path: "spec", message: ruleMessages.noSource });
  const defaultStore: StoreRef | undefined = secretStoreRef && { kind: "SecretStore", ...secretStoreRef };
  return [
    ...dataFrom.map((entry, index) => parseDataFromEntry(entry, `spec.dataFrom[${index}]`, defaultStore, context)),
    ...data.map((entry, index) => parseDataEntry(entry, `spec.data[${index}]`, defaultStore, context)),
  ].filter((source) => source !== undefined);
}

function parseTarget(target: TargetWire, defaultName: string, context: ParseContext): Target {
  const { creationPolicy = "Owner", deletionPolicy = "Retain", template } = target;
  const message = policyProblem(creationPolicy, deletionPolicy);
  if (message !== undefined) context.problems.push({ path: "spec.target", message });
  return {
    name: target.name ?? defaultName,
    creationPolicy,
    deletionPolicy,
    immutable: target.immutable ?? false,
    template: template && parseTemplate(template, context),
  };
}

function policyProblem(creation: CreationPolicy, deletion: DeletionPolicy): string | undefined {
  if (deletion === "Delete" && creation !== "Owner" && creation !== "Orphan") return ruleMessages.deletePolicy;
  return deletion === "Merge" && creation === "None" ? ruleMessages.mergePolicy : undefined;
}

function parseTemplate(template: TemplateWire, context: ParseContext): TargetTemplate {
  const { type, metadata: { labels = {}, annotations = {} } = {} } = template;
  const path = "spec.target.template";
  if (REFUSED_SECRET_TYPES.some((refused) => refused === type)) {
    context.problems.push({ path: `${path}.type`, message: ruleMessages.secretType });
  }
  checkMetadata(labels, labelName, `${path}.metadata.labels`, context);
  if (Object.values(labels).some((text) => !labelValue.test(text))) {
    context.problems.push({ path: `${path}.metadata.labels`, message: ruleMessages.labelValue });
  }
  checkMetadata(annotations, annotationName, `${path}.metadata.annotations`, context);
  // An empty text means "not set": the API server makes such a Secret Opaque.
  return { type: type === "" ? undefined : type, labels, annotations };
}

function checkMetadata(
  texts: Readonly<Record<string, string>>,
  namePattern: RegExp,
  path: string,
  context: ParseContext,
): void {
  if (Object.values(texts).some((text) => text.includes("{{"))) {
    context.problems.push({ path, message: ruleMessages.templateSyntax });
  }
  if (Object.keys(texts).some((name) => name.startsWith(OWN_METADATA_PREFIX))) {
    context.problems.push({ path, message: ruleMessages.ownMetadata });
  }
  if (Object.keys(texts).some((name) => name.length > METADATA_NAME_MAX || !namePattern.test(name))) {
    context.problems.push({ path, message: ruleMessages.metadataName });
  }
}
