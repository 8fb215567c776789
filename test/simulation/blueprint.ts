// ExternalSecrets as people write them in a schedule, and what a Secret made from one must hold.

import type { Dice } from "./chance.ts";
import type { Json } from "./cluster/revision.ts";
import { oncePerObject } from "./once-per-object.ts";
import { compareVersions, originOf, type RemoteVersion } from "./store/virtual-store.ts";

export const NAMESPACE = "team-a";
export const STORE_NAME = "vault";
export const MOUNTS = ["kv", "kv2"] as const;
export const REMOTE_KEYS = ["app/a", "app/b", "app/c", "app/d"] as const;
export const PROPERTIES = ["user", "password", "host"] as const;

/** Short, so that a schedule need not wait long for the next look at the store. */
const AWAITED_REFRESH_SECONDS = [5, 6] as const;
/** So long that nothing but its wake-ups brings an ExternalSecret on. */
const LONG_REFRESH_SECONDS = 3_600;
export const LONGEST_AWAITED_REFRESH_MS = 6_000;

export type Policy = "Owner" | "Orphan" | "Merge" | "CreateOrMerge";

export interface Entry {
  readonly secretKey: string;
  readonly key: string;
  readonly property: string;
}

export interface Blueprint {
  readonly name: string;
  readonly target: string;
  readonly policy: Policy;
  readonly deletionPolicy: "Retain" | "Delete";
  readonly refreshSeconds: number;
  readonly entries: readonly Entry[];
  /** A remote key all of whose properties are taken. */
  readonly extract: string | undefined;
  /** Copied to the Secret. */
  readonly label: string;
}

/** What is to be deleted has to be looked for. */
function drawRefresh(dice: Dice, { deletionPolicy }: Pick<Blueprint, "deletionPolicy">): number {
  return dice.pick(
    deletionPolicy === "Delete"
      ? AWAITED_REFRESH_SECONDS
      : [...AWAITED_REFRESH_SECONDS, ...Array<number>(3).fill(LONG_REFRESH_SECONDS)],
  );
}

export function drawBlueprint(dice: Dice, name: string, target: string): Blueprint {
  const policy = dice.pick<Policy>(["Owner", "Owner", "Owner", "Orphan", "Merge", "CreateOrMerge"]);
  const deletionPolicy = isExclusive(policy) && dice.chance(0.25) ? "Delete" : "Retain";
  return {
    name,
    target,
    policy,
    deletionPolicy,
    refreshSeconds: drawRefresh(dice, { deletionPolicy }),
    entries: drawEntries(dice),
    extract: dice.chance(0.25) ? dice.pick(REMOTE_KEYS) : undefined,
    label: "one",
  };
}

/** Does its Secret have to follow the store within the time of a schedule? */
export function followsStore({ refreshSeconds }: Blueprint): boolean {
  return refreshSeconds * 1000 <= LONGEST_AWAITED_REFRESH_MS;
}

export function isExclusive(policy: Policy): boolean {
  return policy === "Owner" || policy === "Orphan";
}

/** One of the edits that people make. */
export function editedBlueprint(dice: Dice, blueprint: Blueprint): Blueprint {
  switch (dice.below(4)) {
    case 0:
      return { ...blueprint, label: `${blueprint.label}-x` };
    case 1:
      return { ...blueprint, refreshSeconds: drawRefresh(dice, blueprint) };
    default:
      return { ...blueprint, entries: drawEntries(dice) };
  }
}

export function drawEntries(dice: Dice): readonly Entry[] {
  return Array.from({ length: 1 + dice.below(3) }, (_, index) => ({
    secretKey: `key-${index + dice.below(2) * 3}`,
    key: dice.pick(REMOTE_KEYS),
    property: dice.pick(PROPERTIES),
  }));
}

/** The object that people apply. */
export function manifestOf(blueprint: Blueprint): Json {
  const { entries, extract, policy, deletionPolicy, refreshSeconds, target, label } = blueprint;
  return {
    metadata: { labels: { tier: label } },
    spec: {
      secretStoreRef: { name: STORE_NAME, kind: "SecretStore" },
      refreshPolicy: "Periodic",
      refreshInterval: `${refreshSeconds}s`,
      target: { name: target, creationPolicy: policy, deletionPolicy },
      data: entries.map(({ secretKey, key, property }) => ({ secretKey, remoteRef: { key, property } })),
      ...(extract === undefined ? {} : { dataFrom: [{ extract: { key: extract } }] }),
    },
  };
}

interface Wanted {
  readonly key: string;
  readonly property: string;
}

/** Which property of which remote key each key of the Secret holds. */
export const wantedKeys = oncePerObject(({ entries, extract }: Blueprint): ReadonlyMap<string, Wanted> => {
  const wanted = new Map<string, Wanted>();
  if (extract !== undefined) for (const property of PROPERTIES) wanted.set(property, { key: extract, property });
  for (const { secretKey, key, property } of entries) wanted.set(secretKey, { key, property });
  return wanted;
});

export function remoteKeysOf(blueprint: Blueprint): readonly string[] {
  return [...new Set([...wantedKeys(blueprint).values()].map(({ key }) => key))];
}

/** What one complete rendering was made from: the version of each remote key, behind one mount. */
export interface Rendering {
  readonly mount: string;
  readonly versions: ReadonlyMap<string, RemoteVersion>;
}

/**
 * Undefined: the data are not one complete rendering of the blueprint. Keys of others count only where it holds the
 * Secret alone. What comes from remote keys that are `absent` may be left out.
 */
export function renderingIn(
  data: ReadonlyMap<string, string>,
  blueprint: Blueprint,
  absent: ReadonlySet<string> = new Set(),
): Rendering | undefined {
  const wanted = wantedKeys(blueprint);
  if (isExclusive(blueprint.policy) && [...data.keys()].some((key) => !wanted.has(key))) return undefined;
  const versions = new Map<string, Origin>();
  const present = [...wanted].filter(([secretKey, { key }]) => data.has(secretKey) || !absent.has(key));
  for (const [secretKey, source] of present) {
    const origin = originOf(data.get(secretKey) ?? "");
    if (origin === undefined || !isOf(origin, source) || !agrees(origin, versions.get(source.key))) return undefined;
    versions.set(source.key, origin);
  }
  return fromOneMount(versions);
}

function fromOneMount(versions: ReadonlyMap<string, Origin>): Rendering | undefined {
  const [mount, ...others] = new Set([...versions.values()].map((origin) => origin.mount));
  return mount === undefined || others.length > 0 ? undefined : { mount, versions };
}

type Origin = NonNullable<ReturnType<typeof originOf>>;

function isOf(origin: Origin, { key, property }: Pick<Origin, "key" | "property">): boolean {
  return origin.key === key && origin.property === property;
}

function agrees(origin: Origin, other: Origin | undefined): boolean {
  return other === undefined || (other.mount === origin.mount && compareVersions(other, origin) === 0);
}
