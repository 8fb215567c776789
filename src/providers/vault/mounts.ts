// What is mounted where a store reads. Vault answers 404 to every key of a mount that was replaced, and of a KV v1
// mount read as v2; none of that is absence. So an absent key is believed only from the mount that was there before:
// the one that a validation saw, or that served a value. An absence itself teaches nothing.

import { type ProviderError, type ProviderErrorKind, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { AuthorizedApi } from "./authorized.ts";
import { requestPath } from "./key-path.ts";
import { errorOfReply, unexpectedShape } from "./map-error.ts";
import type { VaultReply } from "./vault-reply.ts";

export interface Mounts {
  /** Type, version and accessor of the mount now, remembered if none is; undefined if Vault does not let us see it. */
  check(mount: string, signal: AbortSignal): Promise<Result<string | undefined, ProviderError>>;
  /** Remembers the mount that served a value, unless it is known already. */
  remember(mount: string, signal: AbortSignal): Promise<void>;
  /**
   * True if the mount is the one that was remembered before this look, false if there was nothing to compare it with.
   * Fails if another mount lies there now.
   */
  confirmAbsence(mount: string, signal: AbortSignal): Promise<Result<boolean, ProviderError>>;
}

type Look = Result<string | undefined, ProviderError>;

export function createMounts(spec: VaultStoreSpec, api: AuthorizedApi): Mounts {
  const remembered = new Map<string, string | undefined>();

  const look: Mounts["check"] = async (mount, signal) => {
    const exchange = await api.probe(requestPath("sys/internal/ui/mounts", mount), signal);
    if (!exchange.ok) return exchange;
    return identityOf(spec, mount, exchange.value);
  };
  const lookAfter = createSharedLook(look);
  const learn = (mount: string, seen: Look): Look => {
    if (seen.ok && remembered.get(mount) === undefined) remembered.set(mount, seen.value);
    return seen;
  };

  return {
    check: async (mount, signal) => learn(mount, await look(mount, signal)),
    remember: async (mount, signal) => {
      if (!remembered.has(mount)) learn(mount, await lookAfter(mount, signal));
    },
    confirmAbsence: async (mount, signal) => {
      const before = remembered.get(mount);
      const now = await lookAfter(mount, signal);
      if (!now.ok) return now;
      if (before === undefined || before === now.value) return ok(before !== undefined);
      // A mount that is gone answers as a hidden one does.
      if (now.value === undefined) return failed(providerError("unavailable", `mount ${mount} can be seen no more`));
      const detail = `mount ${mount} was replaced: its secrets are not those that were read before`;
      return failed(providerError("mountChanged", detail));
    },
  };
}

/** A look that begins after the call, shared by all who call before it begins: no absence is judged by an older one. */
function createSharedLook(check: Mounts["check"]): Mounts["check"] {
  const underWay = new Map<string, Promise<unknown>>();
  const following = new Map<string, Promise<Look>>();

  const begin = (mount: string, signal: AbortSignal): Promise<Look> => {
    following.delete(mount);
    const look = check(mount, signal).finally(() => underWay.delete(mount));
    underWay.set(mount, look);
    return look;
  };

  return async (mount, signal) => {
    const running = underWay.get(mount);
    if (running === undefined) return begin(mount, signal);
    const next = following.get(mount) ?? running.then(() => begin(mount, signal));
    following.set(mount, next);
    const look = await next;
    // Another caller's end is no answer to this one.
    return look.ok || signal.aborted ? look : check(mount, signal);
  };
}

function identityOf(spec: VaultStoreSpec, mount: string, reply: VaultReply): Look {
  if (reply.status === 403) return ok(undefined);
  if (reply.status !== 200) return failed(errorOfReply(reply));
  const type = reply.text(reply.at("data", "type"));
  const path = reply.text(reply.at("data", "path"));
  if (type === undefined || path === undefined) return failed(unexpectedShape(reply));
  const version = reply.text(reply.at("data", "options", "version")) === "2" ? "v2" : "v1";
  const fault = mountFault(spec, { type, version, isInside: path !== `${mount}/` });
  if (fault !== undefined) return failed(providerError(faultKind(spec), `mount ${mount} ${fault}`));
  return ok([type, version, reply.text(reply.at("data", "accessor")) ?? ""].join("/"));
}

interface MountFacts {
  readonly type: string;
  readonly version: "v1" | "v2";
  /** The name reaches into a mount instead of naming it. */
  readonly isInside: boolean;
}

/** What is wrong, as a clause after the mount's name. KV v1 has no paths of its own, so a prefix of keys may be part of the name. */
function mountFault(spec: VaultStoreSpec, mount: MountFacts): string | undefined {
  if (mount.type !== "kv" && mount.type !== "generic") return "is not a KV secrets engine";
  if (mount.version !== spec.version) {
    return `is KV version ${mount.version.slice(1)}, the store says ${spec.version}`;
  }
  return mount.isInside && mount.version === "v2" ? "is a path inside another mount" : undefined;
}

/** Where keys name the mount, a wrong one is no fault of the store; it may become right without an edit. */
function faultKind(spec: VaultStoreSpec): ProviderErrorKind {
  return spec.path === undefined ? "malformedPayload" : "mountChanged";
}
