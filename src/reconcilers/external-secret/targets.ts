// What is known of target Secrets without reading them: the metadata watch of managed Secrets, who else claims a
// target, and single-object watches for targets that the label watch does not show.

import { type ObjectKey, objectKey, type ObjectName } from "../../core/object-key.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import { parseMeta } from "../../core/spec/parse-meta.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import { parseOwnerReferences } from "../../core/sync/live-secret.ts";
import type { Claimant } from "../../core/sync/ownership.ts";
import type { TargetSight } from "../../core/sync/visit.ts";
import { recordOf } from "../../core/unknown.ts";
import { resources } from "../../kubernetes/resource-path.ts";
import type { ObjectReader } from "../../runtime/object-store.ts";
import type { ObjectWatches } from "../../runtime/object-watches.ts";
import type { SyncState } from "./sync-state.ts";

/** A managed Secret as the metadata watch keeps it. */
export interface TargetRecord {
  readonly meta: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  /** Uid of the controller, if it is one. */
  readonly controllerUid: string | undefined;
}

export function parseTarget(raw: unknown): Result<TargetRecord, undefined> {
  const meta = parseMeta(raw);
  if (!meta.ok) return failed(undefined);
  const { namespace, name, uid, resourceVersion } = meta.value;
  const owners = parseOwnerReferences(recordOf(recordOf(raw)["metadata"])["ownerReferences"]);
  return ok({
    meta: { namespace, name, uid, resourceVersion },
    controllerUid: owners.find((owner) => owner.controller)?.uid,
  });
}

export const BY_CONTROLLER = "controller";
export const BY_TARGET = "target";

export const targetIndexes = {
  [BY_CONTROLLER]: (target: TargetRecord): readonly string[] =>
    target.controllerUid === undefined ? [] : [target.controllerUid],
};

/** Key of the target that an ExternalSecret names; undefined while its spec does not parse. */
export function targetKey({ meta, spec }: ExternalSecretRecord): ObjectKey | undefined {
  return spec.ok ? objectKey({ namespace: meta.namespace, name: spec.value.target.name }) : undefined;
}

export interface Targets {
  /** Undefined: the spec does not parse, so that there is no target to see. */
  sight(target: ObjectKey | undefined): TargetSight;
  /** The other live ExternalSecrets that name the same target. */
  rivals(record: ExternalSecretRecord): readonly Claimant[];
  /** Watches the target itself while `isNeeded`, whatever its labels. */
  watch(key: ObjectKey, record: ExternalSecretRecord, isNeeded: boolean): void;
  release(key: ObjectKey): void;
  /** Under Owner: the Secrets that this ExternalSecret controls under a former target name, as far as the watch shows. */
  former(record: ExternalSecretRecord): readonly ObjectName[];
}

export interface TargetsDeps {
  readonly targets: ObjectReader<TargetRecord>;
  /** Version up to which `targets` shows everything; undefined: not synced yet. */
  readonly reachedVersion: () => string | undefined;
  /** With the index BY_TARGET. */
  readonly externalSecrets: ObjectReader<ExternalSecretRecord>;
  readonly watches: Pick<ObjectWatches, "acquire">;
  readonly state: SyncState;
  /** Has the ExternalSecret synced soon. */
  readonly wake: (key: ObjectKey) => void;
}

export function createTargets(deps: TargetsDeps): Targets {
  const watched = new Map<ObjectKey, { readonly target: ObjectKey; readonly release: () => void }>();

  function release(key: ObjectKey): void {
    watched.get(key)?.release();
    watched.delete(key);
  }

  return {
    sight(target) {
      if (target === undefined) return { current: undefined, reachedVersion: undefined };
      return { current: shown(deps.targets.get(target)), reachedVersion: deps.reachedVersion() };
    },
    rivals: (record) => rivalsOf(deps, record),
    watch(key, record, isNeeded) {
      const target = targetKey(record);
      if (watched.get(key)?.target === target && isNeeded) return;
      release(key);
      if (!isNeeded || target === undefined || !record.spec.ok) return;
      const name = { namespace: record.meta.namespace, name: record.spec.value.target.name };
      watched.set(key, {
        target,
        release: deps.watches.acquire({ type: resources.secrets, ...name }, () => deps.wake(key)),
      });
    },
    release,
    former({ meta, spec }) {
      if (!spec.ok || spec.value.target.creationPolicy !== "Owner") return [];
      const { name } = spec.value.target;
      const controlled = deps.targets.byIndex(BY_CONTROLLER, meta.uid).map((secret) => secret.meta);
      return controlled.filter((secret) => secret.name !== name);
    },
  };
}

function shown(target: TargetRecord | undefined): TargetSight["current"] {
  if (target === undefined) return undefined;
  const { uid, resourceVersion } = target.meta;
  return { uid, resourceVersion, controllerUid: target.controllerUid };
}

function rivalsOf({ externalSecrets, state }: TargetsDeps, record: ExternalSecretRecord): readonly Claimant[] {
  const target = targetKey(record);
  if (target === undefined) return [];
  return externalSecrets.byIndex(BY_TARGET, target).flatMap((other): Claimant[] => {
    const isRival = other.meta.uid !== record.meta.uid && other.meta.deletionTimestamp === undefined && other.spec.ok;
    if (!isRival || other.spec.value.target.creationPolicy === "None") return [];
    const { name, uid, creationTimestamp } = other.meta;
    const { creationPolicy } = other.spec.value.target;
    const isPlain = other.spec.value.sources.every((source) => source.kind === "data");
    const rendered = isPlain ? undefined : state.renderedKeys(objectKey(other.meta));
    const keys = rendered ?? specifiedKeys(other.spec.value);
    return [{ name, uid, creationTimestamp, creationPolicy, keys, knowsAllKeys: isPlain || rendered !== undefined }];
  });
}

function specifiedKeys(spec: ExternalSecretSpec): ReadonlySet<string> {
  return new Set(spec.sources.flatMap((source) => (source.kind === "data" ? [source.secretKey] : [])));
}
