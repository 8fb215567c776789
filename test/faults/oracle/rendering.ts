// Whether what a Secret holds is one complete rendering of a claim: every wanted key there, every value from the remote
// secret that the spec names, all values of one remote secret from one version of it, and nothing else.

import { fullPath, isValueOf, type RemoteHistory, type RemoteVersion } from "./remote-history.ts";
import type { Claim, WantedKey } from "./wanted.ts";

type Data = ReadonlyMap<string, string>;

/** Which versions the data may be from, for each remote secret by full path (with `@N` where the spec pins it). */
export type Origins = ReadonlyMap<string, readonly RemoteVersion[]>;

export type Rendering =
  | { readonly isComplete: true; readonly origins: Origins }
  /** `why` names keys, never values. */
  | { readonly isComplete: false; readonly why: string };

/** A remote secret and pin, with all that the claim wants of it. */
interface Source {
  readonly key: string;
  readonly version: number | undefined;
  readonly wantedKeys: readonly WantedKey[];
  readonly isExtract: boolean;
}

export function renderingOf(data: Data, claim: Claim, remotes: RemoteHistory): Rendering {
  const { wanted } = claim;
  const missing = wanted.keys.find(({ secretKey }) => !data.has(secretKey));
  if (missing !== undefined) return incomplete(`key ${missing.secretKey} is missing`);
  const explained = new Set(wanted.keys.map(({ secretKey }) => secretKey));
  const origins = new Map<string, readonly RemoteVersion[]>();
  for (const source of sourcesOf(claim)) {
    const known = remotes.versionsOf(source.key);
    const found = new Map([...known].map(([path, versions]) => [path, fitting(data, source, versions)]));
    const fits = [...found].filter(([, versions]) => versions.length > 0);
    if (fits.length === 0 && !isUnknownButFilled(data, source, known.size)) {
      return incomplete(`what it holds of ${fullPath(source.key)} is of no single version`);
    }
    for (const [path, versions] of fits) {
      origins.set(source.version === undefined ? path : `${path}@${source.version}`, versions);
      if (source.isExtract) versions.flatMap(({ values }) => Object.keys(values)).forEach((key) => explained.add(key));
    }
  }
  return surplus(data, claim, explained) ?? { isComplete: true, origins };
}

function incomplete(why: string): Rendering & { readonly isComplete: false } {
  return { isComplete: false, why };
}

/** Entries of one remote secret and pin are one source: they must agree on a version. */
function sourcesOf({ wanted }: Claim): readonly Source[] {
  const references: readonly (WantedKey | Pick<WantedKey, "key" | "version">)[] = [...wanted.keys, ...wanted.extracts];
  const groups = Map.groupBy(references, ({ key, version }) => JSON.stringify([fullPath(key), version]));
  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map(({ key, version }) => ({
      key,
      version,
      wantedKeys: group.flatMap((reference) => ("secretKey" in reference ? [reference] : [])),
      isExtract: group.some((reference) => !("secretKey" in reference)),
    })),
  );
}

function fitting(data: Data, source: Source, versions: readonly RemoteVersion[]): readonly RemoteVersion[] {
  const holds = (values: RemoteVersion["values"], secretKey: string, property: string | undefined): boolean =>
    isValueOf(data.get(secretKey) ?? "", values, property);
  return versions.filter(
    ({ version, values }) =>
      (source.version === undefined || source.version === version) &&
      source.wantedKeys.every(({ secretKey, property }) => holds(values, secretKey, property)) &&
      (!source.isExtract || Object.keys(values).every((key) => holds(values, key, key))),
  );
}

/** A remote secret that the run did not write through the registry cannot be compared with: it must not be blank. */
function isUnknownButFilled(data: Data, source: Source, knownPaths: number): boolean {
  return knownPaths === 0 && source.wantedKeys.every(({ secretKey }) => data.get(secretKey) !== "");
}

/** What is wrong about the keys that no known entry accounts for. */
function surplus(data: Data, { wanted }: Claim, explained: ReadonlySet<string>): Rendering | undefined {
  if (!wanted.isWhole) return undefined;
  if (data.size === 0) return incomplete("it is empty");
  const foreign = [...data].filter(([key]) => !explained.has(key));
  const wrong = foreign.find(([, text]) => !wanted.isOpen || text === "");
  return wrong === undefined ? undefined : incomplete(`key ${wrong[0]} does not belong there`);
}
