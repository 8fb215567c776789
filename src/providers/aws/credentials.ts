// Keys that sign requests, and the two forms in which others want or give them: the SDK's, and the JSON of the
// platform's credential services.

import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import { unexpectedAnswer } from "./map-error.ts";

/** Compared by reference: each login gives new ones. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: SecretValue;
  readonly sessionToken: SecretValue | undefined;
  /** Milliseconds from the answer on; infinite for keys that do not end. */
  readonly lifeMs: number;
  /** Twelve digits; undefined: the login did not say. */
  readonly accountId: string | undefined;
}

export type Credentials = Result<AwsCredentials, ProviderError>;
export type Login = (signal: AbortSignal) => Promise<Credentials>;

/** As the SDK and the signer take them. */
export interface SdkIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function sdkIdentity({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials): SdkIdentity {
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.revealUtf8(),
    ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.revealUtf8() }),
  };
}

/** True if a request signed with one is as good as one signed with the other. */
export function areSameKeys(one: AwsCredentials, other: AwsCredentials): boolean {
  const tokens = [one.sessionToken, other.sessionToken].map((token) => token ?? SecretValue.ofUtf8(""));
  return (
    one.accessKeyId === other.accessKeyId &&
    one.secretAccessKey.equals(other.secretAccessKey) &&
    tokens[0]?.equals(tokens[1] ?? SecretValue.ofUtf8("")) === true
  );
}

/** Texts of an answer that carries keys. */
export interface IssuedKeys {
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  /** RFC 3339. */
  readonly expiration: string | undefined;
  readonly accountId: string | undefined;
}

/** `nowMs`: by the clock of the server where it said so, because that clock ends the session. */
export function issuedCredentials(keys: IssuedKeys, nowMs: number): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, accountId } = keys;
  const lifeMs = Date.parse(keys.expiration ?? "") - nowMs;
  const isWhole = accessKeyId && secretAccessKey && sessionToken && !Number.isNaN(lifeMs);
  if (!isWhole) return failed(unexpectedAnswer());
  return ok({
    accessKeyId,
    secretAccessKey: SecretValue.ofUtf8(secretAccessKey),
    sessionToken: SecretValue.ofUtf8(sessionToken),
    lifeMs,
    accountId,
  });
}

/** The document of EKS Pod Identity and of instance roles: both name its members alike. */
export function keysInJson(body: Buffer): IssuedKeys {
  const document = recordOf(parsed(body));
  return {
    accessKeyId: textOf(document["AccessKeyId"]),
    secretAccessKey: textOf(document["SecretAccessKey"]),
    sessionToken: textOf(document["Token"]),
    expiration: textOf(document["Expiration"]),
    accountId: textOf(document["AccountId"]),
  };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
