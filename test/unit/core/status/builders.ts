// Builders of sync reports and statuses with defaults: a test names only what it is about.

import type { RemoteVersion } from "../../../../src/core/provider/port.ts";
import { failed, ok } from "../../../../src/core/result.ts";
import type {
  Condition,
  EntryId,
  EntryStatus,
  ExternalSecretStatus,
} from "../../../../src/core/status/external-secret-status.ts";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import { type Reason, reasonPolicy } from "../../../../src/core/status/reasons.ts";
import type { EntryReport, SecretReport, SyncReport } from "../../../../src/core/sync/report.ts";

export const NOON_MS = Date.parse("2026-03-01T12:00:00Z");
export const HOUR_MS = 3_600_000;
export const at = (hours: number): number => NOON_MS + hours * HOUR_MS;

export function id(overrides: Partial<EntryId> = {}): EntryId {
  return { storeKind: "SecretStore", store: "vault", key: "app/db", ...overrides };
}

export function version(
  display: string,
  createdTime: string | undefined = `2026-01-0${display}T00:00:00Z`,
): RemoteVersion {
  return { identity: `${display}@${createdTime}`, display, createdTime };
}

export function entry(overrides: Partial<EntryReport> = {}): EntryReport {
  return { ...id(), secretKeys: ["password"], read: ok(version("3")), leftOut: false, ...overrides };
}

export function failedRead(reason: Reason = "AccessDenied"): EntryReport["read"] {
  return failed({ reason, message: `store vault says ${reason}` });
}

export function written(changedKeys: readonly string[] = ["password"], created = false): SecretReport {
  return { kind: "written", created, keys: ["password"], changedKeys };
}

export const VERIFIED: SecretReport = { kind: "verified", keys: ["password"] };
export const KEPT: SecretReport = { kind: "kept" };

export function ready(reason: Reason, stalled = false): SyncReport["ready"] {
  return { reason, message: `message of ${reason}`, stalled };
}

/** A first successful write of one entry at version 3, unless overridden. */
export function report(overrides: Partial<SyncReport> = {}): SyncReport {
  return {
    generation: 1,
    uid: "uid-1",
    specVersion: "1-a",
    ready: ready("SecretSynced"),
    entries: [entry()],
    secret: written(["password"], true),
    binding: "db",
    forceSync: undefined,
    heartbeatMs: 6 * HOUR_MS,
    remoteCount: 1,
    ...overrides,
  };
}

/** A sync that failed for `reason`: the Secret was kept. */
export function failing(reason: Reason = "AccessDenied", overrides: Partial<SyncReport> = {}): SyncReport {
  return report({ ready: ready(reason), secret: KEPT, entries: [entry({ read: failedRead(reason) })], ...overrides });
}

/** The status after `reports`, one hour apart, the last one at noon. */
export function statusAfter(...reports: readonly SyncReport[]): ExternalSecretStatus {
  const [first = report(), ...rest] = reports;
  return rest.reduce(
    (status, next, index) => nextStatus(status, next, at(index + 1 - rest.length)),
    nextStatus(undefined, first, at(-rest.length)),
  );
}

export function condition(status: { readonly conditions: readonly Condition[] }, type: Condition["type"]): Condition {
  const found = status.conditions.find((candidate) => candidate.type === type);
  if (found === undefined) throw new Error(`no condition ${type}`);
  return found;
}

export function onlyEntry(status: ExternalSecretStatus): EntryStatus {
  const [only, ...others] = status.entries ?? [];
  if (only === undefined || others.length > 0) throw new Error("expected one entry");
  return only;
}

export const reasons = Object.keys(reasonPolicy).filter((name): name is Reason => name in reasonPolicy);
