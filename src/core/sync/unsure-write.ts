// A write whose answer was lost is not simply made again: at the next look the Secret itself shows whether it was done,
// and then status tells it as if the answer had come.

import type { LiveSecret } from "./live-secret.ts";
import type { UnsureWrite } from "./memory.ts";
import type { SecretReport, WrittenReport } from "./report.ts";

/** What status must hear of a look at `seen`: what was found or written there, and what the unanswered write did before. */
export function withUnsure(
  secret: SecretReport,
  unsure: UnsureWrite | undefined,
  seen: LiveSecret | undefined,
): SecretReport {
  if (unsure === undefined || seen === undefined || seen.meta.resourceVersion === unsure.before) return secret;
  if (secret.kind === "verified") return { ...unsure.secret, keys: secret.keys };
  return secret.kind === "written" ? joinedWrites(unsure.secret, secret) : secret;
}

/** Two writes that status has not told, as one. */
export function joinedWrites(earlier: WrittenReport, later: WrittenReport): WrittenReport {
  const changedKeys = [...new Set([...earlier.changedKeys, ...later.changedKeys])].sort();
  return { ...later, created: earlier.created || later.created, changedKeys };
}
