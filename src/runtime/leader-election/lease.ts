// The Lease object through which replicas agree on a leader: read defensively, written whole, with the resourceVersion
// that was read. Format: kubernetes/api coordination/v1/types.go, LeaseSpec.

import { recordOf, textOf } from "../../core/unknown.ts";
import { metadataText } from "../watch-event.ts";

export interface Lease {
  /** Empty: released. */
  readonly holder: string;
  /** How long after its last renewal nobody else may take it, milliseconds. */
  readonly durationMs: number;
  /** How often it went to another holder. */
  readonly transitions: number;
  readonly acquireTime: string | undefined;
  readonly resourceVersion: string;
  /** The whole object: what others wrote into it is kept. */
  readonly object: Readonly<Record<string, unknown>>;
}

/** What a Lease is to say. */
export interface LeaseClaim {
  /** Empty: released. */
  readonly holder: string;
  /** Undefined: now. */
  readonly acquireTime: string | undefined;
  readonly transitions: number;
  /** The Lease that it changes; undefined: there is none, and the write must fail if there is one by then. */
  readonly over: Lease | undefined;
}

/** client-go's defaults: k8s.io/component-base/config/options, LeaderElectionConfiguration. */
export const LEASE_DURATION_MS = 15_000;
/** A released Lease is nobody's at once; the duration must be positive all the same. */
const RELEASED_SECONDS = 1;

/** Undefined: not a Lease. One whose fields are absent counts as released. */
export function parseLease(raw: unknown): Lease | undefined {
  const object = recordOf(raw);
  const spec = recordOf(object["spec"]);
  const resourceVersion = metadataText(raw, "resourceVersion");
  if (resourceVersion === undefined) return undefined;
  return {
    holder: textOf(spec["holderIdentity"]) ?? "",
    durationMs: positive(spec["leaseDurationSeconds"], RELEASED_SECONDS) * 1000,
    transitions: positive(spec["leaseTransitions"], 0),
    acquireTime: textOf(spec["acquireTime"]),
    resourceVersion,
    object,
  };
}

/** The object to send; `nowMs` in milliseconds since 1970. */
export function leaseBody(
  claim: LeaseClaim,
  name: { readonly namespace: string; readonly name: string },
  nowMs: number,
) {
  const now = microTime(nowMs);
  const before = claim.over?.object ?? {};
  const spec = {
    ...recordOf(before["spec"]),
    holderIdentity: claim.holder,
    leaseDurationSeconds: claim.holder === "" ? RELEASED_SECONDS : LEASE_DURATION_MS / 1000,
    acquireTime: claim.acquireTime ?? now,
    renewTime: now,
    leaseTransitions: claim.transitions,
  };
  // The metadata that was read holds the resourceVersion: an update of any other state is refused.
  const metadata = claim.over === undefined ? name : recordOf(before["metadata"]);
  return { ...before, apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

/** MicroTime has exactly six digits of a second: kubernetes/apimachinery pkg/apis/meta/v1/micro_time.go. */
function microTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace("Z", "000Z");
}

function positive(value: unknown, fallback: number): number {
  return typeof value === "number" && value > 0 ? value : fallback;
}
