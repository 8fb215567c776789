// Many current values in few requests: BatchGetSecretValue answers for up to twenty secrets, each with its value or its
// own error. What it does not answer is read alone, and so is everything where the batch is not permitted.

import { BatchGetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { failed } from "../../core/result.ts";
import { askEach, chunksOf } from "./answers.ts";
import type { AwsApi } from "./aws-api.ts";
import { errorOfCode } from "./map-error.ts";
import { remoteSecret, type SecretAnswer, type SecretReader } from "./secret-reader.ts";
import { CURRENT_STAGE, type SecretTarget } from "./secret-target.ts";

/** BatchGetSecretValue, parameter SecretIdList. */
const MAX_BATCH = 20;
/** Failures that single reads would only meet again. */
const SHARED_FAILURES: readonly string[] = ["throttled", "unauthenticated", "invalidConfig"];

export interface BatchDeps {
  readonly api: AwsApi;
  readonly client: SecretsManagerClient;
  readonly reader: SecretReader;
}

type Answers = Map<SecretTarget, SecretAnswer>;

export class SecretBatches {
  readonly #deps: BatchDeps;
  #isDenied = false;

  constructor(deps: BatchDeps) {
    this.#deps = deps;
  }

  /** True: BatchGetSecretValue is not permitted, which was found out once. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  /** One answer for each target. */
  async readAll(
    targets: readonly SecretTarget[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<SecretTarget, SecretAnswer>> {
    const together = targets.filter(isCurrentValue);
    const batches = this.#isDenied || together.length < 2 ? [] : chunksOf(together, MAX_BATCH);
    const answered = await Promise.all(batches.map((batch) => this.#readBatch(batch, signal)));
    const answers: Answers = new Map(answered.flatMap((batch) => [...batch]));
    const alone = targets.filter((target) => !answers.has(target));
    const reads = await askEach(alone, (target) => this.#deps.reader.readSecret(target, signal));
    return new Map([...answers, ...reads]);
  }

  /** Answers for those that the batch decided. */
  async #readBatch(batch: readonly SecretTarget[], signal: AbortSignal): Promise<Answers> {
    const { api, client, reader } = this.#deps;
    const command = new BatchGetSecretValueCommand({ SecretIdList: batch.map(({ secretId }) => secretId) });
    const answer = await api.call((options) => client.send(command, options), signal);
    if (!answer.ok) {
      if (answer.error.kind === "accessDenied") this.#isDenied = true;
      const isShared = SHARED_FAILURES.includes(answer.error.kind);
      return new Map(isShared ? batch.map((target) => [target, answer]) : []);
    }
    const answers: Answers = new Map();
    for (const target of batch) {
      const value = answer.value.SecretValues?.find(({ ARN, Name }) => [ARN, Name].includes(target.secretId));
      if (value !== undefined) answers.set(target, remoteSecret(value));
      const error = answer.value.Errors?.find(({ SecretId }) => SecretId === target.secretId);
      if (value !== undefined || error === undefined) continue;
      answers.set(target, failed(await reader.judged(target, errorOfCode(error.ErrorCode), signal)));
    }
    return answers;
  }
}

/** A batch gives current versions only. */
function isCurrentValue({ version, isMetadata }: SecretTarget): boolean {
  return !isMetadata && version.kind === "stage" && version.stage === CURRENT_STAGE;
}
