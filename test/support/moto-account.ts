// An account at moto, as its administrator: empty at first, filled by the JSON and Query APIs with a signature that moto
// does not look at unless it was told to.

import { recordOf } from "../../src/core/unknown.ts";
import type { MotoServer } from "../testbed/aws/moto-server.ts";
import { StubSecrets } from "./stub-secrets.ts";

export const REGION = "eu-west-1";

export interface KeyPair {
  readonly id: string;
  readonly secret: string;
}

export class MotoAccount {
  readonly moto: MotoServer;
  readonly #versions = new Map<string, number>();

  private constructor(moto: MotoServer) {
    this.moto = moto;
  }

  /** Removes what was in the account before. */
  static async create(moto: MotoServer): Promise<MotoAccount> {
    await moto.requireNothing();
    await fetch(`${moto.address}/moto-api/reset`, { method: "POST" });
    return new MotoAccount(moto);
  }

  async secrets(action: string, fields: object): Promise<Readonly<Record<string, unknown>>> {
    return this.#json("secretsmanager", `secretsmanager.${action}`, fields);
  }

  async parameters(action: string, fields: object): Promise<Readonly<Record<string, unknown>>> {
    return this.#json("ssm", `AmazonSSM.${action}`, fields);
  }

  /** A new current version; its id is that of the n-th version of a secret. */
  async put(name: string, text: string): Promise<void> {
    const n = (this.#versions.get(name) ?? 0) + 1;
    this.#versions.set(name, n);
    const value = { SecretString: text, ClientRequestToken: StubSecrets.versionId(n) };
    await (n === 1
      ? this.secrets("CreateSecret", { Name: name, ...value })
      : this.secrets("PutSecretValue", { SecretId: name, ...value }));
  }

  /** Id of the version that `put` made last. */
  lastVersion(name: string): string {
    return StubSecrets.versionId(this.#versions.get(name) ?? 0);
  }

  /** A user who may do `actions`, and whose key pair counts once moto requires authentication. */
  async user(name: string, actions: readonly string[]): Promise<KeyPair> {
    await this.#iam({ Action: "CreateUser", UserName: name });
    await this.allow(name, actions);
    const answer = await this.#iam({ Action: "CreateAccessKey", UserName: name });
    return { id: element(answer, "AccessKeyId"), secret: element(answer, "SecretAccessKey") };
  }

  async allow(user: string, actions: readonly string[]): Promise<void> {
    await this.#iam({ Action: "PutUserPolicy", UserName: user, ...policy(actions) });
  }

  /** A role that everybody may assume. Returns its ARN. */
  async role(name: string, actions: readonly string[]): Promise<string> {
    const trust = { Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    const answer = await this.#iam({ Action: "CreateRole", RoleName: name, AssumeRolePolicyDocument });
    await this.#iam({ Action: "PutRolePolicy", RoleName: name, ...policy(actions) });
    return element(answer, "Arn");
  }

  async #json(service: string, target: string, fields: object): Promise<Readonly<Record<string, unknown>>> {
    const headers = { ...unsigned(service), "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1" };
    const reply = await fetch(this.moto.address, { method: "POST", headers, body: JSON.stringify(fields) });
    const answer: unknown = await reply.json();
    if (!reply.ok) throw new Error(`moto refused ${target}: ${JSON.stringify(answer)}`);
    return recordOf(answer);
  }

  async #iam(fields: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ Version: "2010-05-08", ...fields });
    const reply = await fetch(this.moto.address, { method: "POST", headers: unsigned("iam"), body });
    const answer = await reply.text();
    if (!reply.ok) throw new Error(`moto refused ${fields["Action"] ?? ""}: ${answer}`);
    return answer;
  }
}

/** moto tells services and regions apart by this header. */
function unsigned(service: string): Readonly<Record<string, string>> {
  const scope = `20260101/${REGION}/${service}/aws4_request`;
  return { Authorization: `AWS4-HMAC-SHA256 Credential=admin/${scope}, SignedHeaders=host, Signature=none` };
}

function policy(actions: readonly string[]): { readonly PolicyName: string; readonly PolicyDocument: string } {
  const statement = { Effect: "Allow", Action: actions, Resource: "*" };
  return { PolicyName: "p", PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) };
}

function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
  if (text === undefined) throw new Error(`moto's answer has no ${name}`);
  return text;
}
