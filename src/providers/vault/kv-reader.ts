// How a key of a KV mount is read, whatever its version, and what an answer without a value means. An absence is
// reported only after the mount was found to be the one that was there before.

import type { Clock } from "../../core/clock.ts";
import { isConfirmableAbsence, type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteRef, RemoteSecret, RemoteVersion } from "../../core/provider/port.ts";
import { assertNever, failed, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { AuthorizedApi } from "./authorized.ts";
import type { KvPath } from "./key-path.ts";
import { absentKey, deletedVersion, destroyedVersion } from "./kv-metadata.ts";
import { errorOfReply, meaningOfNotFound, unexpectedShape } from "./map-error.ts";
import type { Mounts } from "./mounts.ts";
import type { VaultReply } from "./vault-reply.ts";

export interface KvReader {
  /** Undefined version: KV v1 has none. */
  readVersion(ref: RemoteRef, signal: AbortSignal): Promise<Result<RemoteVersion | undefined, ProviderError>>;
  readSecret(ref: RemoteRef, signal: AbortSignal): Promise<Result<RemoteSecret, ProviderError>>;
}

export interface KvDeps {
  readonly spec: VaultStoreSpec;
  readonly api: AuthorizedApi;
  readonly mounts: Mounts;
  readonly clock: Clock;
}

/** Why a read gave no value. */
export async function errorOfRead(
  deps: Pick<KvDeps, "mounts">,
  place: KvPath,
  reply: VaultReply,
  signal: AbortSignal,
): Promise<ProviderError> {
  if (reply.status !== 200 && reply.status !== 404) return errorOfReply(reply);
  const error = reply.status === 200 ? unexpectedShape(reply) : errorOfNotFound(reply, place.mount);
  return error.kind === "malformedPayload" ? error : confirmed(deps, place, error, signal);
}

/**
 * `error`, unless the mount explains the answer better: it is another one than before, or not what the store says. An
 * absence is marked if there was nothing to compare the mount with.
 */
export async function confirmed(
  deps: Pick<KvDeps, "mounts">,
  place: KvPath,
  error: ProviderError,
  signal: AbortSignal,
): Promise<ProviderError> {
  const mount = await deps.mounts.confirmAbsence(place.mount, signal);
  if (!mount.ok) return mount.error.kind === error.kind ? error : mount.error;
  return mount.value || !isConfirmableAbsence(error.kind) ? error : { ...error, isUnproved: true };
}

export function invalidReference(detail: string): Result<never, ProviderError> {
  return failed(providerError("invalidReference", detail));
}

function errorOfNotFound(reply: VaultReply, mount: string): ProviderError {
  const meaning = meaningOfNotFound(reply);
  switch (meaning) {
    case "absent":
      return absentKey();
    case "deleted":
      return deletedVersion();
    case "destroyed":
      return destroyedVersion();
    case "noMount":
      return providerError("unavailable", `no such mount: ${mount} (HTTP 404)`, { httpStatus: 404 });
    case "unexpected":
      return unexpectedShape(reply);
    default:
      return assertNever(meaning);
  }
}
