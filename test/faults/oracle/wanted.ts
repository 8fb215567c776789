// What an ExternalSecret asks for, read from its spec by the oracle's own code: which keys, from which remote secrets,
// into which Secret, and how much of that Secret is its own.

import { isRecord, type JsonRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { generationOf, isBeingDeleted, objectId, type Revision } from "./revision.ts";

export interface WantedKey {
  readonly secretKey: string;
  readonly key: string;
  readonly property: string | undefined;
  /** Pinned version. */
  readonly version: number | undefined;
}

export interface Wanted {
  readonly keys: readonly WantedKey[];
  /** Remote secrets of which every property is wanted under its own name. */
  readonly extracts: readonly Pick<WantedKey, "key" | "version">[];
  /** There is more that the oracle cannot work out (find, rewrite, decoding): keys beyond the known ones pass unless empty. */
  readonly isOpen: boolean;
  /** Owner and Orphan: the Secret's whole data is this ExternalSecret's. */
  readonly isWhole: boolean;
}

/** An ExternalSecret at one generation, and the Secret that it claims. */
export interface Claim {
  /** Of the ExternalSecret. */
  readonly uid: string;
  readonly name: string;
  readonly generation: number;
  /** When this generation was committed. */
  readonly order: number;
  /** NAMESPACE/NAME of the Secret. */
  readonly target: string;
  readonly creationPolicy: string;
  readonly wanted: Wanted;
}

/** Options that change a value on its way: the oracle does not follow them. */
const RENDERING_OPTIONS = ["decodingStrategy", "metadataPolicy", "conversionStrategy", "nullBytePolicy"];
const PLAIN = ["None", "Default", "Ignore"];
const WHOLE_POLICIES = ["Owner", "Orphan"];

/** One for each generation of each ExternalSecret, in order. */
export function claimsOf(revisions: readonly Revision[]): readonly Claim[] {
  const seen = new Set<string>();
  return revisions
    .filter((revision) => revision.kind === "ExternalSecret" && !isBeingDeleted(revision))
    .toSorted((one, other) => one.order - other.order)
    .flatMap((revision) => {
      const id = `${revision.uid}/${generationOf(revision)}`;
      if (seen.has(id)) return [];
      seen.add(id);
      return [claimOf(revision)];
    });
}

function claimOf(revision: Revision): Claim {
  const target = optionalTextAt(revision.object, "spec", "target", "name") ?? revision.name;
  const creationPolicy = optionalTextAt(revision.object, "spec", "target", "creationPolicy") ?? "Owner";
  return {
    uid: revision.uid,
    name: revision.name,
    generation: generationOf(revision),
    order: revision.order,
    target: objectId({ namespace: revision.namespace, name: target }),
    creationPolicy,
    wanted: wantedOf(revision.object, WHOLE_POLICIES.includes(creationPolicy)),
  };
}

function wantedOf(object: JsonRecord, isWhole: boolean): Wanted {
  const data = listAt(object, "spec", "data");
  const dataFrom = listAt(object, "spec", "dataFrom");
  const keys = data.flatMap(wantedKey);
  const extracts = dataFrom.flatMap(wantedExtract);
  const isOpen =
    keys.length + extracts.length < data.length + dataFrom.length ||
    valueAt(object, "spec", "target", "template") !== undefined;
  return { keys, extracts, isOpen, isWhole };
}

function wantedKey(entry: unknown): readonly WantedKey[] {
  const secretKey = optionalTextAt(entry, "secretKey");
  const key = optionalTextAt(entry, "remoteRef", "key");
  if (secretKey === undefined || key === undefined || !isPlain(valueAt(entry, "remoteRef"))) return [];
  const property = optionalTextAt(entry, "remoteRef", "property");
  return [{ secretKey, key, property, version: versionOf(valueAt(entry, "remoteRef")) }];
}

function wantedExtract(source: unknown): readonly Pick<WantedKey, "key" | "version">[] {
  const extract = valueAt(source, "extract");
  const key = optionalTextAt(extract, "key");
  const isRewritten = listAt(source, "rewrite").length > 0 || optionalTextAt(extract, "property") !== undefined;
  return key === undefined || isRewritten || !isPlain(extract) ? [] : [{ key, version: versionOf(extract) }];
}

function isPlain(reference: unknown): boolean {
  return (
    isRecord(reference) &&
    RENDERING_OPTIONS.every((option) => PLAIN.includes(optionalTextAt(reference, option) ?? "None"))
  );
}

function versionOf(reference: unknown): number | undefined {
  const version = optionalTextAt(reference, "version");
  return version === undefined || version === "" ? undefined : Number(version);
}
