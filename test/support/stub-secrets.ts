// The secrets of the stub AWS: versions, stages, deletion, tags and lists, answered in the shapes of Secrets Manager
// (Secrets Manager API reference). A batch answers for each secret by itself, as AWS does and moto does not.

import { listOf, recordOf, textOf } from "../../src/core/unknown.ts";
import { type StubAnswer, VENDOR_TEXT } from "./stub-kv.ts";

interface Version {
  readonly id: string;
  readonly text: string | undefined;
  readonly bytes: Buffer | undefined;
}

interface StubSecret {
  readonly versions: Version[];
  /** Version id by stage. */
  readonly stages: Map<string, string>;
  tags: Readonly<Record<string, string>>;
  description: string;
  isDeleted: boolean;
  /** Its KMS key is disabled. */
  isUndecryptable: boolean;
}

const CREATED_SECONDS = 1_767_225_600;

/** An error as the JSON services of AWS give it. */
export function awsError(code: string, status = 400): StubAnswer {
  const headers = { "Content-Type": "application/x-amz-json-1.1" };
  return { status, headers, body: { __type: `com.amazonaws.stub#${code}`, message: VENDOR_TEXT } };
}

export class StubSecrets {
  readonly #secrets = new Map<string, StubSecret>();
  readonly #account: string;
  /** By name: the code that a batch gives for it, beside what is so. */
  readonly batchErrors = new Map<string, string>();

  constructor(account: string) {
    this.#account = account;
  }

  /** Id of the n-th version of any secret. */
  static versionId(n: number): string {
    return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  }

  arn(name: string): string {
    return `arn:aws:secretsmanager:eu-west-1:${this.#account}:secret:${name}-AbCdEf`;
  }

  put(name: string, value: string | Buffer): void {
    const secret = this.create(name);
    const id = StubSecrets.versionId(secret.versions.length + 1);
    const isText = typeof value === "string";
    secret.versions.push({ id, text: isText ? value : undefined, bytes: isText ? undefined : value });
    const before = secret.stages.get("AWSCURRENT");
    if (before !== undefined) secret.stages.set("AWSPREVIOUS", before);
    secret.stages.set("AWSCURRENT", id);
  }

  /** Without a value, unless it is there. */
  create(name: string): StubSecret {
    const known = this.#secrets.get(name);
    const state = { isDeleted: false, isUndecryptable: false };
    const secret = known ?? { versions: [], stages: new Map(), tags: {}, description: "", ...state };
    this.#secrets.set(name, secret);
    return secret;
  }

  answer(action: string, fields: Readonly<Record<string, unknown>>, denied: ReadonlySet<string>): StubAnswer {
    if (action === "ListSecrets") return this.#list(fields);
    if (action === "BatchGetSecretValue") return this.#batch(listOf(fields["SecretIdList"]), denied);
    const found = this.#find(textOf(fields["SecretId"]) ?? "");
    if (found === undefined) return awsError("ResourceNotFoundException");
    if (action === "DescribeSecret") return { status: 200, body: this.#describe(...found) };
    return this.#value(...found, fields);
  }

  #find(id: string): readonly [string, StubSecret] | undefined {
    return [...this.#secrets].find(([name]) => id === name || id === this.arn(name));
  }

  #value(name: string, secret: StubSecret, fields: Readonly<Record<string, unknown>>): StubAnswer {
    if (secret.isDeleted) return awsError("InvalidRequestException");
    if (secret.isUndecryptable) return awsError("DecryptionFailure");
    const id = textOf(fields["VersionId"]) ?? secret.stages.get(textOf(fields["VersionStage"]) ?? "AWSCURRENT");
    const version = secret.versions.find((candidate) => candidate.id === id);
    if (version === undefined) return awsError("ResourceNotFoundException");
    return { status: 200, body: this.#valueBody(name, version) };
  }

  #valueBody(name: string, { id, text, bytes }: Version): object {
    const value = text === undefined ? { SecretBinary: bytes?.toString("base64") } : { SecretString: text };
    return { ARN: this.arn(name), Name: name, VersionId: id, CreatedDate: CREATED_SECONDS, ...value };
  }

  #batch(ids: readonly unknown[], denied: ReadonlySet<string>): StubAnswer {
    const answers = ids.map((id) => this.#batchEntry(textOf(id) ?? "", denied));
    const SecretValues = answers.flatMap(({ value }) => value ?? []);
    const Errors = answers.flatMap(({ error }) => error ?? []);
    return { status: 200, body: { SecretValues, Errors } };
  }

  #batchEntry(SecretId: string, denied: ReadonlySet<string>): { readonly value?: unknown; readonly error?: object } {
    const code = this.batchErrors.get(SecretId) ?? (denied.has(SecretId) ? "AccessDeniedException" : undefined);
    if (code !== undefined) return { error: { SecretId, ErrorCode: code, Message: VENDOR_TEXT } };
    const { status, body } = this.answer("GetSecretValue", { SecretId }, denied);
    if (status === 200) return { value: body };
    const ErrorCode = textOf(recordOf(body)["__type"])?.split("#").at(-1);
    return { error: { SecretId, ErrorCode, Message: VENDOR_TEXT } };
  }

  #describe(name: string, secret: StubSecret): object {
    const VersionIdsToStages: Record<string, string[]> = {};
    for (const [stage, id] of secret.stages) VersionIdsToStages[id] = [...(VersionIdsToStages[id] ?? []), stage];
    return {
      ...{ ARN: this.arn(name), Name: name, VersionIdsToStages, LastChangedDate: CREATED_SECONDS },
      ...(secret.description === "" ? {} : { Description: secret.description }),
      ...(secret.isDeleted ? { DeletedDate: CREATED_SECONDS } : {}),
      Tags: Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value })),
    };
  }

  /** Its filters are wider than ours on purpose: names by prefix in any case, and none of tags. */
  #list(fields: Readonly<Record<string, unknown>>): StubAnswer {
    const filters = listOf(fields["Filters"]).map(recordOf);
    const prefix = textOf(listOf(filters.find(({ Key }) => Key === "name")?.["Values"])[0])?.toLowerCase() ?? "";
    const all = [...this.#secrets].filter(([name]) => name.toLowerCase().startsWith(prefix));
    const start = Number(textOf(fields["NextToken"]) ?? 0);
    const end = start + Number(fields["MaxResults"] ?? 100);
    const SecretList = all.slice(start, end).map(([name, secret]) => this.#describe(name, secret));
    return { status: 200, body: { SecretList, ...(end < all.length ? { NextToken: String(end) } : {}) } };
  }
}
