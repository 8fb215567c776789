// Reads Vault's file audit device. Vault logs a request when it comes and its response when it goes, so each call gives
// two entries: count entries of type "request" for what was asked, of type "response" for how it ended.
// A sealed, paused or stopped Vault logs nothing, and a mark fails then.
import { createAuditTrail, type AuditTrail } from "./audit-trail.ts";
import { optionalTextAt, textAt } from "./json.ts";
import type { VaultAdmin } from "./vault-admin.ts";

export interface VaultRequest {
  readonly type: "request" | "response";
  /** read, list, create, update, delete, … */
  readonly operation: string;
  /** Without the leading /v1/, for example kv/data/app/db. */
  readonly path: string;
  /** For example kv or kubernetes; empty where no mount was found. */
  readonly mountType: string;
  /** For example kubernetes-team-a-app, root; empty where nobody was authenticated. */
  readonly displayName: string;
  readonly entityId: string;
  /** Auth role of the token, empty where it has none. */
  readonly role: string;
  readonly remoteAddress: string;
  /** Vault namespace, empty for the root. */
  readonly namespace: string;
  /** Vault's own words; empty where the call went well. Never compare: test code may only look whether it is empty. */
  readonly error: string;
  /** Joins the two entries of one call. */
  readonly requestId: string;
  readonly at: string;
}

export function createVaultAuditTrail(logPath: string, vault: Pick<VaultAdmin, "request">): AuditTrail<VaultRequest> {
  return createAuditTrail({
    logPath,
    parseEntry: parseVaultRequest,
    requestMarker: async (marker) => {
      await vault.request("GET", `cubbyhole/${marker}`);
    },
  });
}

function parseVaultRequest(entry: unknown): VaultRequest {
  const text = (...path: readonly string[]): string => optionalTextAt(entry, ...path) ?? "";
  return {
    type: textAt(entry, "type") === "request" ? "request" : "response",
    operation: text("request", "operation"),
    path: text("request", "path"),
    mountType: text("request", "mount_type"),
    displayName: text("auth", "display_name"),
    entityId: text("auth", "entity_id"),
    role: text("auth", "metadata", "role"),
    remoteAddress: text("request", "remote_address"),
    namespace: text("request", "namespace", "path"),
    error: text("error"),
    requestId: text("request", "id"),
    at: textAt(entry, "time"),
  };
}
