// How a store logs in to AWS: with keys from Secrets, with a ServiceAccount's token, or as the operator itself; then one
// role after the other. One call is one login; who calls how often is the session's matter.

import type { CredentialError, CredentialReader } from "../../core/provider/credentials.ts";
import { type ProviderError, type ProviderErrorKind, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { textRules } from "../../core/spec/rules.ts";
import type { AwsStoreSpec, ObjectKeyRef, ServiceAccountRef } from "../../core/spec/secret-store.ts";
import type { Credentials, Login } from "./credentials.ts";
import { type PlatformDeps, platformLogin } from "./platform-identity.ts";

export interface LoginDeps extends PlatformDeps {
  readonly credentials: CredentialReader;
}

/** Annotations of a ServiceAccount: amazon-eks-pod-identity-webhook, README. */
const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";
const AUDIENCE_ANNOTATION = "eks.amazonaws.com/audience";
const DEFAULT_AUDIENCE = "sts.amazonaws.com";
const ROLE_ARN = new RegExp(textRules.roleArn.pattern);
/** What keys and tokens are made of; anything else could not be sent in a header. */
const KEY_TEXT = /^[\x21-\x7e]+$/;

export function createLogin({ auth, roles }: Pick<AwsStoreSpec, "auth" | "roles">, deps: LoginDeps): Login {
  return async (signal) => {
    let held = await firstLogin(auth, deps, signal);
    for (const role of roles) {
      if (!held.ok) return held;
      held = await deps.sts.assumeRole(role, held.value, signal);
    }
    return held;
  };
}

async function firstLogin(auth: AwsStoreSpec["auth"], deps: LoginDeps, signal: AbortSignal): Promise<Credentials> {
  switch (auth.kind) {
    case "secret":
      return staticKeys(auth, deps.credentials, signal);
    case "serviceAccount":
      return accountLogin(auth.ref, deps, signal);
    case "operator": {
      const identity = deps.credentials.operatorIdentity();
      return identity.ok ? platformLogin(identity.value, deps)(signal) : failed(errorOfCredential(identity.error));
    }
  }
}

type KeyRefs = Extract<AwsStoreSpec["auth"], { kind: "secret" }>;

async function staticKeys(refs: KeyRefs, reader: CredentialReader, signal: AbortSignal): Promise<Credentials> {
  const accessKeyId = await keyText(refs.accessKeyId, reader, signal);
  if (!accessKeyId.ok) return accessKeyId;
  const secretAccessKey = await keyText(refs.secretAccessKey, reader, signal);
  if (!secretAccessKey.ok) return secretAccessKey;
  const sessionToken = refs.sessionToken && (await keyText(refs.sessionToken, reader, signal));
  if (sessionToken?.ok === false) return sessionToken;
  return ok({
    accessKeyId: accessKeyId.value.revealUtf8(),
    secretAccessKey: secretAccessKey.value,
    sessionToken: sessionToken?.value,
    lifeMs: Number.POSITIVE_INFINITY,
    accountId: undefined,
  });
}

/** Without the line end that editors and `echo` leave behind a key. */
async function keyText(
  ref: ObjectKeyRef,
  reader: CredentialReader,
  signal: AbortSignal,
): Promise<Result<SecretValue, ProviderError>> {
  const read = await reader.readSecretKey(ref, signal);
  if (!read.ok) return failed(errorOfCredential(read.error));
  const text = read.value.revealUtf8().trim();
  if (KEY_TEXT.test(text)) return ok(SecretValue.ofUtf8(text));
  return failed(
    providerError("unauthenticated", `key ${ref.key} of Secret ${ref.name} is empty or holds characters that none has`),
  );
}

async function accountLogin(ref: ServiceAccountRef, deps: LoginDeps, signal: AbortSignal): Promise<Credentials> {
  const annotations = await deps.credentials.readAnnotations(ref, signal);
  if (!annotations.ok) return failed(errorOfCredential(annotations.error));
  const roleArn = annotations.value[ROLE_ANNOTATION];
  if (roleArn === undefined || !ROLE_ARN.test(roleArn)) {
    const what = `ServiceAccount ${ref.name} has no annotation ${ROLE_ANNOTATION} with the ARN of a role`;
    return failed(providerError("unauthenticated", what));
  }
  const audience = annotations.value[AUDIENCE_ANNOTATION] ?? DEFAULT_AUDIENCE;
  const minted = await deps.credentials.requestToken(ref, audience, signal);
  if (!minted.ok) return failed(errorOfCredential(minted.error));
  return deps.sts.assumeRoleWithWebIdentity(roleArn, minted.value.token, signal);
}

const kindOfCredentialError = {
  missing: "unauthenticated",
  denied: "unauthenticated",
  refused: "invalidConfig",
  unavailable: "unavailable",
} as const satisfies Record<CredentialError["kind"], ProviderErrorKind>;

function errorOfCredential(error: CredentialError): ProviderError {
  return providerError(kindOfCredentialError[error.kind], error.detail);
}
