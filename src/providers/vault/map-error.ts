// What an answer of Vault means, by status and shape: one table for all calls. Texts are ours; nothing of the answer's
// own text is looked at or copied. What the table does not know is `unavailable`.
// Statuses: Vault docs, api-docs/system/health; on data paths 429 is a rate quota.

import { type ProviderError, type ProviderErrorKind, providerError } from "../../core/provider/error.ts";
import type { VaultReply } from "./vault-reply.ts";

/** What a 404 says. Only `absent`, `deleted` and `destroyed` are absence; the rest are failures. */
export type NotFoundMeaning = "absent" | "deleted" | "destroyed" | "noMount" | "unexpected";

interface Meaning {
  readonly kind: ProviderErrorKind;
  readonly detail: string;
}

const unavailable = (detail: string): Meaning => ({ kind: "unavailable", detail });

const unexpected = unavailable("the answer is not one that Vault gives");

/** Answers that mean the same on every path, whatever their body. */
const meaningOfStatus: Readonly<Record<number, Meaning>> = {
  400: unavailable("Vault could not serve the request"),
  404: unexpected,
  412: unavailable("Vault has not caught up with its last write"),
  429: { kind: "throttled", detail: "Vault's rate quota is used up" },
  472: unavailable("Vault is a disaster recovery secondary"),
  473: unavailable("Vault is a performance standby"),
  474: unavailable("Vault is a standby without an active node"),
  500: unavailable("Vault failed"),
  501: unavailable("Vault is not initialised"),
  502: unavailable("Vault's gateway reached no server"),
  503: unavailable("Vault is sealed or has no leader"),
  504: unavailable("Vault's gateway waited in vain"),
  530: unavailable("the Vault node was removed from its cluster"),
};

/** The error of an answer that is not what was hoped for, on any path but a login. */
export function errorOfReply(reply: VaultReply): ProviderError {
  const { kind, detail } = meaningOf(reply);
  return providerError(kind, `${detail} (HTTP ${reply.status})`, {
    httpStatus: reply.status,
    retryAfterMs: kind === "throttled" || reply.status === 503 ? reply.retryAfterMs : undefined,
  });
}

/** As `errorOfReply`, for logins: what Vault itself refuses (wrong role, bound claims, no such auth mount) is `unauthenticated`. */
export function errorOfLogin(reply: VaultReply, method: string): ProviderError {
  const isRefused = [400, 403, 404].includes(reply.status) && isVaultError(reply);
  if (!isRefused) return errorOfReply(reply);
  return providerError("unauthenticated", `Vault refused the ${method} login (HTTP ${reply.status})`, {
    httpStatus: reply.status,
  });
}

/** An answer with a good status whose body is not what the call returns. */
export function unexpectedShape(reply: VaultReply): ProviderError {
  if (reply.syntaxError !== "tooDeep") {
    return providerError("unavailable", `${unexpected.detail} (HTTP ${reply.status})`, { httpStatus: reply.status });
  }
  return providerError("malformedPayload", "the value is nested too deeply", { httpStatus: reply.status });
}

/** A mount that is gone answers 404 with a message; an absent key answers 404 with an empty list of messages. */
export function meaningOfNotFound(reply: VaultReply): NotFoundMeaning {
  const metadata = reply.at("data", "metadata");
  if (metadata !== undefined) {
    if (reply.flag(reply.at("data", "metadata", "destroyed")) === true) return "destroyed";
    return reply.text(reply.at("data", "metadata", "deletion_time")) ? "deleted" : "unexpected";
  }
  const errors = reply.at("errors");
  if (errors?.kind !== "array") return "unexpected";
  return errors.items.length === 0 ? "absent" : "noMount";
}

/** True for a denial by Vault itself, not by something before it. */
export function isDenial(reply: VaultReply): boolean {
  return reply.status === 403 && isVaultError(reply);
}

function meaningOf(reply: VaultReply): Meaning {
  if (isDenial(reply)) return { kind: "accessDenied", detail: "Vault denied access" };
  if (reply.status >= 300 && reply.status < 400) return unavailable("redirect refused");
  return meaningOfStatus[reply.status] ?? unexpected;
}

/** Every error of Vault is `{"errors":[…]}`. */
function isVaultError(reply: VaultReply): boolean {
  return reply.at("errors")?.kind === "array";
}
