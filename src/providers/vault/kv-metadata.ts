// What KV v2 says about a key without its values: the answer of `metadata/KEY`, read and judged. Pure.

import { createHash } from "node:crypto";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteVersion } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultReply } from "./vault-reply.ts";

/** Timestamps of the Date header are whole seconds, cut off. */
const DATE_RESOLUTION_MS = 1_000;

/** What `metadataPolicy: Fetch` shows besides the custom metadata, which wins (ESO: client_get.go, systemMetadataKeys). */
const SHOWN_FIELDS = ["created_time", "current_version", "delete_version_after"] as const;

/** True if the answer is that of a key's metadata. */
export function isMetadata(reply: VaultReply): boolean {
  return (
    reply.status === 200 &&
    reply.at("data", "current_version")?.kind === "number" &&
    reply.at("data", "versions")?.kind === "object"
  );
}

/** The version that is current, or pinned; a failure if it is not there to be read. `nowMs` serves where the answer has no date. */
export function versionIn(
  reply: VaultReply,
  pinned: string | undefined,
  nowMs: number,
): Result<RemoteVersion, ProviderError> {
  const display = pinned ?? String(reply.number(reply.at("data", "current_version")));
  const state = (field: string) => reply.at("data", "versions", display, field);
  const createdTime = reply.text(state("created_time"));
  if (createdTime === undefined) {
    return failed(
      pinned === undefined ? absentKey() : providerError("versionNotFound", `version ${pinned} does not exist`),
    );
  }
  if (reply.flag(state("destroyed")) === true) return failed(destroyedVersion());
  const deletedAtMs = Date.parse(reply.text(state("deletion_time")) ?? "");
  const serverNowMs = reply.serverTimeMs === undefined ? nowMs : reply.serverTimeMs + DATE_RESOLUTION_MS;
  // A deletion may also lie ahead: delete_version_after.
  if (deletedAtMs <= serverNowMs) return failed(deletedVersion());
  return ok(kvVersion(display, createdTime));
}

/** A path starts again at version 1 after its metadata was deleted: only with its time does a number name a content. */
export function kvVersion(display: string, createdTime: string): RemoteVersion {
  return { identity: `${display}@${createdTime}`, display, createdTime };
}

export const absentKey = (): ProviderError => providerError("notFound", "no secret at this key");
export const deletedVersion = (): ProviderError =>
  providerError("deleted", "the version is deleted (it can be undeleted)");
export const destroyedVersion = (): ProviderError => providerError("destroyed", "the version is destroyed");

/**
 * Metadata changes without a version, and Vault 1.21 moves `updated_time` with versions only: the document's digest is
 * part of the identity. It stays in memory.
 */
export function metadataVersion(version: RemoteVersion, document: string): RemoteVersion {
  return { ...version, identity: `${version.identity}@${createHash("sha256").update(document).digest("hex")}` };
}

/** True if the custom metadata holds each tag with its value. */
export function hasTags(reply: VaultReply, tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(tags).every(([name, value]) => reply.text(reply.at("data", "custom_metadata", name)) === value);
}

/** A JSON object of texts: times and numbers of Vault, and the custom metadata. */
export function metadataDocument(reply: VaultReply): string {
  const shown = SHOWN_FIELDS.map((name): readonly [string, string | undefined] => {
    const node = reply.at("data", name);
    return [name, reply.text(node) ?? reply.number(node)?.toString()];
  });
  const custom = reply.at("data", "custom_metadata");
  const own =
    custom?.kind === "object" ? [...custom.members].map(([name, node]) => [name, reply.text(node)] as const) : [];
  return JSON.stringify(Object.fromEntries([...shown, ...own]));
}
