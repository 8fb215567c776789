// One entry of `data` or `dataFrom` as a Source. An entry with a problem is noted, and is undefined.

import type {
  ConversionRules,
  FindReference,
  RemoteReference,
  RewriteRule,
  Source,
  StoreRef,
} from "./external-secret.ts";
import { parsePattern } from "./name-pattern.ts";
import { type ParseContext, readPattern } from "./parse-context.ts";
import { ruleMessages } from "./rules.ts";
import type { externalSecretSpecSchema } from "./schemas/external-secret-spec.ts";
import { isLonger, type Wire } from "./wire-schema.ts";

type SpecWire = Wire<typeof externalSecretSpecSchema>;
type DataWire = NonNullable<SpecWire["data"]>[number];
type DataFromWire = NonNullable<SpecWire["dataFrom"]>[number];
type FindWire = NonNullable<DataFromWire["find"]>;

const MAX_TAG_NAME = 128;

type DefaultStore = StoreRef | undefined;

/** `defaultStore` is `spec.secretStoreRef`. */
export function parseDataEntry(
  entry: DataWire,
  path: string,
  defaultStore: DefaultStore,
  context: ParseContext,
): Source | undefined {
  const store = storeOf(entry.sourceRef, path, defaultStore, context);
  return store && { kind: "data", store, secretKey: entry.secretKey, remoteRef: remoteReference(entry.remoteRef) };
}

export function parseDataFromEntry(
  entry: DataFromWire,
  path: string,
  defaultStore: DefaultStore,
  context: ParseContext,
): Source | undefined {
  const store = storeOf(entry.sourceRef, path, defaultStore, context);
  const rewrite = parseRewrite(entry.rewrite ?? [], `${path}.rewrite`, context);
  if ((entry.extract === undefined) === (entry.find === undefined)) {
    context.problems.push({ path, message: ruleMessages.oneSource });
    return undefined;
  }
  if (entry.extract !== undefined) {
    return store && { kind: "extract", store, remoteRef: remoteReference(entry.extract), rewrite };
  }
  const find = entry.find && parseFind(entry.find, `${path}.find`, context);
  return store && find && { kind: "find", store, find, rewrite };
}

function storeOf(
  sourceRef: DataWire["sourceRef"],
  path: string,
  defaultStore: DefaultStore,
  context: ParseContext,
): StoreRef | undefined {
  if (sourceRef === undefined) {
    if (defaultStore === undefined) context.problems.push({ path: "spec", message: ruleMessages.noStore });
    return defaultStore;
  }
  if (sourceRef.storeRef === undefined) {
    context.problems.push({ path: `${path}.sourceRef`, message: ruleMessages.emptySourceRef });
    return undefined;
  }
  return { kind: "SecretStore", ...sourceRef.storeRef };
}

function remoteReference(wire: DataWire["remoteRef"]): RemoteReference {
  return {
    key: wire.key,
    version: nonEmpty(wire.version),
    property: nonEmpty(wire.property),
    metadataPolicy: wire.metadataPolicy ?? "None",
    ...conversionRules(wire),
  };
}

function conversionRules(wire: Partial<ConversionRules>): ConversionRules {
  return {
    conversionStrategy: wire.conversionStrategy ?? "Default",
    decodingStrategy: wire.decodingStrategy ?? "None",
    nullBytePolicy: wire.nullBytePolicy ?? "Ignore",
  };
}

function parseFind(wire: FindWire, path: string, context: ParseContext): FindReference {
  const { tags = {} } = wire;
  if (Object.keys(tags).some((name) => name === "" || isLonger(name, MAX_TAG_NAME))) {
    context.problems.push({ path: `${path}.tags`, message: ruleMessages.tagName });
  }
  return {
    path: nonEmpty(wire.path),
    name: wire.name && readPattern(parsePattern, wire.name.regexp, `${path}.name.regexp`, context),
    tags,
    ...conversionRules(wire),
  };
}

function parseRewrite(
  steps: NonNullable<DataFromWire["rewrite"]>,
  path: string,
  context: ParseContext,
): readonly RewriteRule[] {
  return steps.flatMap(({ regexp }, index) => {
    const pattern = readPattern(parsePattern, regexp.source, `${path}[${index}].regexp.source`, context);
    return pattern === undefined ? [] : [{ pattern, target: regexp.target }];
  });
}

/** An empty text means "not set", as in External Secrets Operator. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
