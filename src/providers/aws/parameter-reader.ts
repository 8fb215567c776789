// Reads parameters: ten values in one request, and alone what that request did not answer, because only then AWS says
// why. A check of versions asks the same without decryption: no key of KMS is used for it.

import { createHash } from "node:crypto";
import {
  GetParameterCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  type Parameter,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteSecret, RemoteVersion } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { askEach, chunksOf } from "./answers.ts";
import type { AwsApi } from "./aws-api.ts";
import { unexpectedAnswer } from "./map-error.ts";
import type { ParameterTarget } from "./parameter-target.ts";

export interface ParameterReaderDeps {
  readonly api: AwsApi;
  readonly client: SSMClient;
  readonly isAccountKnown: () => boolean;
}

export type ParameterAnswer = Result<RemoteSecret, ProviderError>;
type ParameterResult = Result<Parameter, ProviderError>;

/** GetParameters, parameter Names. */
const MAX_BATCH = 10;
/** Failures that single reads would only meet again. */
const SHARED_FAILURES: readonly string[] = ["throttled", "unauthenticated", "invalidConfig"];

interface Question {
  readonly targets: readonly ParameterTarget[];
  readonly isDecrypted: boolean;
}

export class ParameterReader {
  readonly #deps: ParameterReaderDeps;

  constructor(deps: ParameterReaderDeps) {
    this.#deps = deps;
  }

  async readSecrets(
    targets: readonly ParameterTarget[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ParameterTarget, ParameterAnswer>> {
    const values = targets.filter(({ isMetadata }) => !isMetadata);
    const parameters = await this.#parameters({ targets: values, isDecrypted: true }, signal);
    const answers = new Map([...parameters].map(([target, answer]) => [target, secretOf(answer)]));
    const described = targets.filter(({ isMetadata }) => isMetadata);
    const metadata = await askEach(described, (target) => this.#metadata(target, signal));
    return new Map([...answers, ...metadata]);
  }

  async readVersions(
    targets: readonly ParameterTarget[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ParameterTarget, Result<RemoteVersion | undefined, ProviderError>>> {
    const values = targets.filter(({ isMetadata }) => !isMetadata);
    const parameters = await this.#parameters({ targets: values, isDecrypted: false }, signal);
    const described = await this.readSecrets(
      targets.filter(({ isMetadata }) => isMetadata),
      signal,
    );
    const secrets = [...[...parameters].map(([target, answer]) => [target, secretOf(answer)] as const), ...described];
    return new Map(secrets.map(([target, secret]) => [target, secret.ok ? ok(secret.value.version) : secret]));
  }

  /** One answer for each target. */
  async #parameters(
    { targets, isDecrypted }: Question,
    signal: AbortSignal,
  ): Promise<Map<ParameterTarget, ParameterResult>> {
    const batches = targets.length < 2 ? [] : chunksOf(targets, MAX_BATCH);
    const answered = await Promise.all(batches.map((batch) => this.#batch({ targets: batch, isDecrypted }, signal)));
    const answers = new Map(answered.flatMap((batch) => [...batch]));
    const alone = targets.filter((target) => !answers.has(target));
    return new Map([...answers, ...(await askEach(alone, (target) => this.#one(target, isDecrypted, signal)))]);
  }

  async #batch(
    { targets, isDecrypted }: Question,
    signal: AbortSignal,
  ): Promise<Map<ParameterTarget, ParameterResult>> {
    const { api, client } = this.#deps;
    const Names = targets.map(({ selected }) => selected);
    const command = new GetParametersCommand({ Names, WithDecryption: isDecrypted });
    const answer = await api.call((options) => client.send(command, options), signal);
    if (!answer.ok) {
      const isShared = SHARED_FAILURES.includes(answer.error.kind);
      return new Map(isShared ? targets.map((target) => [target, answer]) : []);
    }
    const found = targets.flatMap((target): (readonly [ParameterTarget, ParameterResult])[] => {
      const parameter = answer.value.Parameters?.find((candidate) => isMeant(candidate, target));
      return parameter === undefined ? [] : [[target, ok(parameter)]];
    });
    return new Map(found);
  }

  async #one(target: ParameterTarget, isDecrypted: boolean, signal: AbortSignal): Promise<ParameterResult> {
    const { api, client } = this.#deps;
    const command = new GetParameterCommand({ Name: target.selected, WithDecryption: isDecrypted });
    const answer = await api.call((options) => client.send(command, options), signal);
    if (answer.ok)
      return answer.value.Parameter === undefined ? failed(unexpectedAnswer()) : ok(answer.value.Parameter);
    const isPinned = target.selected !== target.name;
    if (answer.error.kind !== "notFound" || !isPinned) return failed(this.#provenOnly(answer.error));
    // A parameter that is there has no such version or label: some answers do not tell it from one that is not.
    const current = await this.#one({ ...target, selected: target.name }, false, signal);
    return current.ok ? failed(missingVersion()) : current;
  }

  async #metadata(target: ParameterTarget, signal: AbortSignal): Promise<ParameterAnswer> {
    const current = secretOf(await this.#one(target, false, signal));
    if (!current.ok) return current;
    const { api, client } = this.#deps;
    const command = new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: target.name });
    const answer = await api.call((options) => client.send(command, options), signal);
    if (!answer.ok) return failed(this.#provenOnly(answer.error));
    if (answer.value.TagList === undefined || current.value.version === undefined) return failed(unexpectedAnswer());
    const document = JSON.stringify(Object.fromEntries(answer.value.TagList.map(({ Key, Value }) => [Key, Value])));
    const digest = createHash("sha256").update(document).digest("hex");
    const { version } = current.value;
    return ok({
      form: "document",
      payload: SecretValue.ofUtf8(document),
      version: { ...version, identity: `${version.identity}@${digest}` },
    });
  }

  #provenOnly(error: ProviderError): ProviderError {
    return error.kind === "notFound" && !this.#deps.isAccountKnown() ? { ...error, isUnproved: true } : error;
  }
}

function missingVersion(): ProviderError {
  return providerError("versionNotFound", "the version or label does not exist");
}

function isMeant({ Name, ARN, Selector = "" }: Parameter, { selected }: ParameterTarget): boolean {
  return [Name, ARN].some((name) => name !== undefined && [name, `${name}${Selector}`].includes(selected));
}

/** A name that was deleted starts again at version 1: only with its time does a number name a content. */
function secretOf(answer: ParameterResult): ParameterAnswer {
  if (!answer.ok) return answer;
  const { Value, Version, LastModifiedDate } = answer.value;
  const createdTime = LastModifiedDate?.toISOString();
  if (Value === undefined || Version === undefined || createdTime === undefined) return failed(unexpectedAnswer());
  const version = { identity: `${Version}@${createdTime}`, display: String(Version), createdTime };
  return ok({ form: "blob", payload: SecretValue.ofUtf8(Value), version });
}
