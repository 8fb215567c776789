// What an answer of AWS means, by its code: one table for all services and for entries of a batch. Messages of AWS are
// neither looked at nor copied. What the table does not know is `unavailable`.
// Codes: API references of Secrets Manager, Systems Manager and STS, "Errors" of each action and "Common errors".

import { type ProviderError, type ProviderErrorKind, providerError } from "../../core/provider/error.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import type { HttpReply } from "../http/http-message.ts";

interface Meaning {
  readonly kind: ProviderErrorKind;
  readonly detail: string;
}

/** AWS answered, and not with what was asked for. The SDK passes it on unchanged. */
export class AwsFailure extends Error {
  readonly error: ProviderError;

  constructor(error: ProviderError) {
    super(error.kind);
    this.error = error;
  }
}

const unavailable = (detail: string): Meaning => ({ kind: "unavailable", detail });
const unexpected = unavailable("the answer is not one that AWS gives");
const failing = unavailable("AWS failed");
const throttled: Meaning = { kind: "throttled", detail: "AWS limits how often this may be asked" };
const denied: Meaning = { kind: "accessDenied", detail: "AWS denied access" };
const expired: Meaning = { kind: "unauthenticated", detail: "the session at AWS has expired" };
const unknownKeys: Meaning = { kind: "unauthenticated", detail: "AWS does not know these keys" };
const wrongSignature: Meaning = {
  kind: "unauthenticated",
  detail: "AWS does not accept the signature: the secret access key is wrong, or the clock of this node is",
};
const badReference: Meaning = { kind: "invalidReference", detail: "AWS does not accept such a key or version" };
const absent: Meaning = { kind: "notFound", detail: "nothing of this name" };
const undecryptable: Meaning = {
  kind: "disabled",
  detail: "the KMS key of the value is disabled, being deleted, or not there",
};
const refusedToken: Meaning = { kind: "unauthenticated", detail: "STS does not accept the ServiceAccount's token" };
const badRole: Meaning = {
  kind: "invalidConfig",
  detail: "STS does not accept role, externalID or sessionTags of the store",
};

/** Without the suffix `Exception`, which some services leave out. */
const meaningOfCode: Readonly<Record<string, Meaning>> = {
  ResourceNotFound: absent,
  ParameterNotFound: absent,
  ParameterVersionNotFound: { kind: "versionNotFound", detail: "the version or label does not exist" },
  // Of GetSecretValue: scheduled for deletion. The reader asks DescribeSecret before it says so.
  InvalidRequest: { kind: "deleted", detail: "the secret is scheduled for deletion" },
  InvalidParameter: badReference,
  Validation: badReference,
  DecryptionFailure: undecryptable,
  InvalidKeyId: undecryptable,
  AccessDenied: denied,
  AccessDeniedForDependency: denied,
  UnauthorizedOperation: denied,
  Throttling: throttled,
  Throttled: throttled,
  TooManyRequests: throttled,
  RequestLimitExceeded: throttled,
  RequestThrottled: throttled,
  LimitExceeded: throttled,
  ExpiredToken: expired,
  RequestExpired: wrongSignature,
  InvalidSignature: wrongSignature,
  SignatureDoesNotMatch: wrongSignature,
  IncompleteSignature: wrongSignature,
  UnrecognizedClient: unknownKeys,
  InvalidClientTokenId: unknownKeys,
  InvalidAccessKeyId: unknownKeys,
  MissingAuthenticationToken: unknownKeys,
  NotAuthorized: unknownKeys,
  OptInRequired: unknownKeys,
  InvalidIdentityToken: refusedToken,
  IDPRejectedClaim: refusedToken,
  IDPCommunicationError: unavailable("STS could not reach the issuer of the ServiceAccount's token"),
  RegionDisabled: { kind: "invalidConfig", detail: "STS is switched off in the region of the store" },
  ValidationError: badRole,
  MalformedPolicyDocument: badRole,
  PackedPolicyTooLarge: badRole,
  InternalServiceError: failing,
  InternalServerError: failing,
  InternalFailure: failing,
  ServiceUnavailable: failing,
};

/** Statuses whose body has no code that is known. */
const meaningOfStatus: Readonly<Record<number, Meaning>> = { 429: throttled, 500: failing, 502: failing, 503: failing };

export function errorOfReply(reply: HttpReply): ProviderError {
  const { kind, detail } = meaningOf(codeOf(reply), reply.status);
  return providerError(kind, `${detail} (HTTP ${reply.status})`, {
    httpStatus: reply.status,
    retryAfterMs: kind === "throttled" || reply.status === 503 ? reply.retryAfterMs : undefined,
  });
}

/** Of one entry of a batch, which has a code only. */
export function errorOfCode(code: string | undefined): ProviderError {
  const { kind, detail } = meaningOf(code, undefined);
  return providerError(kind, detail);
}

/** As `errorOfReply`, for logins: what is denied there is the login. */
export function errorOfLogin(reply: HttpReply, what: string): ProviderError {
  const error = errorOfReply(reply);
  if (error.kind !== "accessDenied") return error;
  return { ...error, kind: "unauthenticated", detail: `AWS did not let ${what} (HTTP ${reply.status})` };
}

/** An answer with a good status whose content is not what the call returns. */
export function unexpectedAnswer(): ProviderError {
  return providerError(unexpected.kind, unexpected.detail);
}

function meaningOf(code: string | undefined, status: number | undefined): Meaning {
  const name = code?.replace(/Exception$/, "") ?? "";
  if (Object.hasOwn(meaningOfCode, name)) return meaningOfCode[name] ?? unexpected;
  if (status !== undefined && status >= 300 && status < 400) return unavailable("redirect refused");
  return meaningOfStatus[status ?? 0] ?? unexpected;
}

/**
 * JSON services name the error in a header or in `__type`, as `namespace#Code:uri`; STS in XML (Smithy, "AWS JSON 1.1
 * protocol", operation error serialization).
 */
function codeOf({ headers, body }: HttpReply): string | undefined {
  const text = headers["x-amzn-errortype"] ?? codeInBody(body.toString("utf8"));
  return text?.split(":")[0]?.split("#").at(-1);
}

function codeInBody(body: string): string | undefined {
  if (body.startsWith("<")) return /<Code>([A-Za-z.]{1,64})<\/Code>/.exec(body)?.[1];
  try {
    const document = recordOf(JSON.parse(body));
    return textOf(document["__type"]) ?? textOf(document["code"]);
  } catch {
    return undefined;
  }
}
