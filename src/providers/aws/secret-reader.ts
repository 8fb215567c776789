// Reads secrets and versions of Secrets Manager: one request for up to twenty current values, one for each other. What
// AWS answers alike (no such secret, no such version, scheduled for deletion) is told apart by DescribeSecret.

import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { ProviderError } from "../../core/provider/error.ts";
import { providerError } from "../../core/provider/error.ts";
import type { RemoteSecret, RemoteVersion } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import type { AwsApi } from "./aws-api.ts";
import { unexpectedAnswer } from "./map-error.ts";
import {
  type Description,
  metadataOf,
  missingVersion,
  scheduledForDeletion,
  secretVersion,
  versionIn,
} from "./secret-description.ts";
import type { SecretTarget } from "./secret-target.ts";

export interface SecretReaderDeps {
  readonly api: AwsApi;
  readonly client: SecretsManagerClient;
  /** True: the account is the one that this store had before, and an absence counts. */
  readonly isAccountKnown: () => boolean;
}

export type SecretAnswer = Result<RemoteSecret, ProviderError>;
export type VersionAnswer = Result<RemoteVersion, ProviderError>;

export class SecretReader {
  readonly #deps: SecretReaderDeps;
  /** DescribeSecret is denied for these, though their values are not. */
  readonly #undescribed = new Set<string>();

  constructor(deps: SecretReaderDeps) {
    this.#deps = deps;
  }

  get readsValuesForVersions(): boolean {
    return this.#undescribed.size > 0;
  }

  async readSecret(target: SecretTarget, signal: AbortSignal): Promise<SecretAnswer> {
    if (target.isMetadata) return this.#metadata(target, signal);
    const { secretId: SecretId, version } = target;
    const choice = version.kind === "id" ? { VersionId: version.id } : { VersionStage: version.stage };
    const command = new GetSecretValueCommand({ SecretId, ...choice });
    const answer = await this.#deps.api.call((options) => this.#deps.client.send(command, options), signal);
    if (answer.ok) return remoteSecret(answer.value);
    return failed(await this.judged(target, answer.error, signal));
  }

  async readVersion(target: SecretTarget, signal: AbortSignal): Promise<VersionAnswer> {
    if (target.isMetadata) return versionOf(await this.#metadata(target, signal));
    const { secretId } = target;
    if (this.#undescribed.has(secretId)) return versionOf(await this.readSecret(target, signal));
    const description = await this.#describe(secretId, signal);
    if (description.ok) {
      const version = versionIn(description.value, target.version);
      if (!version.ok) return failed(this.#provenOnly(version.error));
      return version.value === undefined ? versionOf(await this.readSecret(target, signal)) : ok(version.value);
    }
    if (description.error.kind !== "accessDenied") return failed(this.#provenOnly(description.error));
    const secret = await this.readSecret(target, signal);
    if (secret.ok) this.#undescribed.add(secretId);
    return versionOf(secret);
  }

  /** `error` of a read, as DescribeSecret explains it. Where that is denied, an absence is marked as not proved. */
  async judged(target: SecretTarget, error: ProviderError, signal: AbortSignal): Promise<ProviderError> {
    if (error.kind !== "notFound" && error.kind !== "deleted") return error;
    const description = await this.#describe(target.secretId, signal);
    if (!description.ok) {
      return description.error.kind === "accessDenied"
        ? { ...error, isUnproved: true }
        : this.#provenOnly(description.error);
    }
    if (description.value.ARN === undefined) return unexpectedAnswer();
    if (description.value.DeletedDate !== undefined) return this.#provenOnly(scheduledForDeletion());
    if (error.kind === "notFound") return missingVersion(target.version);
    return providerError("unavailable", "AWS does not give the value out now", { httpStatus: error.httpStatus });
  }

  async #metadata({ secretId }: SecretTarget, signal: AbortSignal): Promise<SecretAnswer> {
    const description = await this.#describe(secretId, signal);
    const metadata = description.ok ? metadataOf(description.value) : description;
    return metadata.ok ? metadata : failed(this.#provenOnly(metadata.error));
  }

  #describe(secretId: string, signal: AbortSignal): Promise<Result<Description, ProviderError>> {
    const command = new DescribeSecretCommand({ SecretId: secretId });
    return this.#deps.api.call((options) => this.#deps.client.send(command, options), signal);
  }

  #provenOnly(error: ProviderError): ProviderError {
    const isAbsence = error.kind === "notFound" || error.kind === "deleted";
    return isAbsence && !this.#deps.isAccountKnown() ? { ...error, isUnproved: true } : error;
  }
}

/** What GetSecretValue and BatchGetSecretValue say of one secret. A text is preferred, as AWS's console stores one. */
export type SecretOutput = Pick<
  GetSecretValueCommandOutput,
  "SecretString" | "SecretBinary" | "VersionId" | "CreatedDate"
>;

export function remoteSecret({ SecretString, SecretBinary, VersionId, CreatedDate }: SecretOutput): SecretAnswer {
  const text = SecretString === undefined ? undefined : SecretValue.ofUtf8(SecretString);
  const payload = text ?? (SecretBinary === undefined ? undefined : SecretValue.ofBytes(SecretBinary));
  if (payload === undefined || VersionId === undefined) return failed(unexpectedAnswer());
  return ok({ form: "blob", payload, version: secretVersion(VersionId, CreatedDate) });
}

function versionOf(secret: SecretAnswer): VersionAnswer {
  if (!secret.ok) return secret;
  const { version } = secret.value;
  return version === undefined ? failed(unexpectedAnswer()) : ok(version);
}
