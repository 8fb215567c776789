// The value pipeline: from what a store answered for one source to keys of the Secret and their values. Selects or
// extracts, names, decodes, checks. Failures to read never come here; what fails here lies in the data or the reference.

import type { RemoteSecret } from "../provider/port.ts";
import { failed, ok, type Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import type { ConversionRules, RewriteRule, Source } from "../spec/external-secret.ts";
import type { SyncFailure } from "../sync/report.ts";
import { convertKey } from "./convert-key.ts";
import { decodeValue } from "./decode-value.ts";
import { extractKeys } from "./extract-keys.ts";
import { parsePayload, type PayloadParser } from "./parse-payload.ts";
import { decodeFailure, extractFailure, keyFailure, propertyFailure } from "./render-failure.ts";
import { rewriteKey } from "./rewrite-keys.ts";
import { secretKeys } from "./secret-keys.ts";
import { selectProperty } from "./select-property.ts";

/** What was read for a source: `one` for `data` and `extract`, `many` (by remote key) for `find`. */
export type SourceReading =
  | { readonly kind: "one"; readonly secret: RemoteSecret }
  | { readonly kind: "many"; readonly secrets: ReadonlyMap<string, RemoteSecret> };

export interface RenderOptions {
  /** Give the sources of one sync one parser of `createPayloadParser`: a payload is then parsed once. */
  readonly parse: PayloadParser;
  /** Whether PropertyNotFound may name properties that exist. */
  readonly showsNames: boolean;
}

type Rendering = Result<ReadonlyMap<string, SecretValue>, SyncFailure>;
type DataSource = Extract<Source, { kind: "data" }>;
type ExtractSource = Extract<Source, { kind: "extract" }>;
type FindSource = Extract<Source, { kind: "find" }>;

export function renderSource(
  source: Source,
  reading: SourceReading,
  { parse = parsePayload, showsNames = true }: Partial<RenderOptions> = {},
): Rendering {
  const options = { parse, showsNames };
  switch (source.kind) {
    case "data":
      return renderData(source, theOne(reading), options);
    case "extract":
      return renderExtract(source, theOne(reading), options);
    case "find":
      return renderFind(source, theMany(reading), options);
  }
}

function renderData(source: DataSource, secret: RemoteSecret, { parse, showsNames }: RenderOptions): Rendering {
  const { store, secretKey, remoteRef } = source;
  const selected = selectProperty(secret, remoteRef.property, parse);
  if (!selected.ok) return failed(propertyFailure({ store, ...remoteRef }, selected.error, showsNames));
  return decodedValues(source, new Map([[secretKey, selected.value]]), remoteRef);
}

/** With a property: the members of the object that it leads to. Names of others are not shown here. */
function renderExtract(source: ExtractSource, secret: RemoteSecret, { parse }: RenderOptions): Rendering {
  const { store, remoteRef, rewrite } = source;
  const { property } = remoteRef;
  const selected = property === undefined ? ok(secret.payload) : selectProperty(secret, property, parse);
  if (!selected.ok) return failed(propertyFailure({ store, ...remoteRef }, selected.error, false));
  const members = extractKeys(selected.value, parse);
  if (!members.ok) return failed(extractFailure({ store, ...remoteRef }, members.error));
  return namedValues(source, members.value, { ...remoteRef, rewrite });
}

/** Each key found gives its whole secret. */
function renderFind(
  source: FindSource,
  secrets: ReadonlyMap<string, RemoteSecret>,
  { parse }: RenderOptions,
): Rendering {
  const values = new Map<string, SecretValue>();
  for (const [key, secret] of secrets) {
    const whole = selectProperty(secret, undefined, parse);
    if (!whole.ok)
      return failed(propertyFailure({ store: source.store, key, property: undefined }, whole.error, false));
    values.set(key, whole.value);
  }
  return namedValues(source, values, { ...source.find, rewrite: source.rewrite });
}

interface NamingRules extends ConversionRules {
  readonly rewrite: readonly RewriteRule[];
}

/** Rewrite rules replace the conversion strategy. */
function namedValues(source: Source, values: ReadonlyMap<string, SecretValue>, rules: NamingRules): Rendering {
  const { rewrite, conversionStrategy } = rules;
  const named = secretKeys(values, (name) =>
    rewrite.length > 0 ? rewriteKey(name, rewrite) : convertKey(name, conversionStrategy),
  );
  return named.ok ? decodedValues(source, named.value, rules) : failed(keyFailure(source, named.error));
}

function decodedValues(source: Source, values: ReadonlyMap<string, SecretValue>, rules: ConversionRules): Rendering {
  const decoded = new Map<string, SecretValue>();
  for (const [key, value] of values) {
    const result = decodeValue(value, rules);
    if (!result.ok) return failed(decodeFailure(source, key, result.error));
    decoded.set(key, result.value);
  }
  return ok(decoded);
}

function theOne(reading: SourceReading): RemoteSecret {
  if (reading.kind === "many") throw new Error("a data or extract source was given the reading of a find");
  return reading.secret;
}

function theMany(reading: SourceReading): ReadonlyMap<string, RemoteSecret> {
  if (reading.kind === "one") throw new Error("a find source was given the reading of one secret");
  return reading.secrets;
}
