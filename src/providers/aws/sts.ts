// The three questions that we ask of AWS STS. Its Query API answers in XML that is flat where we read it; requests are
// signed by the SDK's signer. STS API reference, version 2011-06-15.

import { createHash, createHmac, type Hash } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Clock } from "../../core/clock.ts";
import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { AwsRole } from "../../core/spec/secret-store.ts";
import type { HttpReply } from "../http/http-message.ts";
import type { AwsConnection } from "./connection.ts";
import { type AwsCredentials, type Credentials, issuedCredentials, sdkIdentity } from "./credentials.ts";
import { errorOfLogin, unexpectedAnswer } from "./map-error.ts";

export interface Sts {
  assumeRole(role: AwsRole, by: AwsCredentials, signal: AbortSignal): Promise<Credentials>;
  assumeRoleWithWebIdentity(roleArn: string, token: SecretValue, signal: AbortSignal): Promise<Credentials>;
  /** The account that the credentials belong to. Needs no permission. */
  accountOf(credentials: AwsCredentials, signal: AbortSignal): Promise<Result<string, ProviderError>>;
}

export interface StsDeps {
  readonly connection: AwsConnection;
  readonly clock: Clock;
  readonly region: string;
  /** Origin of the service. */
  readonly endpoint: string;
}

/** Shown in CloudTrail beside the role. */
const SESSION_NAME = "fairlead";
const FORM = "application/x-www-form-urlencoded; charset=utf-8";

type Fields = Readonly<Record<string, string>>;
type Field = readonly [name: string, value: string];

export function createSts(deps: StsDeps): Sts {
  const ask = async (fields: Fields, by: AwsCredentials | undefined, call: Call): Promise<Answer> => {
    const body = Buffer.from(new URLSearchParams({ Version: "2011-06-15", ...fields }).toString());
    const url = new URL(deps.endpoint);
    const unsigned = { host: url.host, "content-type": FORM };
    const headers = by === undefined ? unsigned : await signedHeaders(deps, { url, headers: unsigned, body }, by);
    const reply = await deps.connection.send({
      ...{ method: "POST", url: url.href, headers, body, signal: call.signal, isRepeatable: true },
    });
    if (!reply.ok) return reply;
    return reply.value.status === 200 ? reply : failed(errorOfLogin(reply.value, call.what));
  };
  return {
    assumeRole: async (role, by, signal) =>
      credentialsIn(await ask(roleFields(role), by, { what: `assume ${role.arn}`, signal }), deps.clock),
    assumeRoleWithWebIdentity: async (roleArn, token, signal) => {
      const fields = { ...sessionFields("AssumeRoleWithWebIdentity", roleArn), WebIdentityToken: token.revealUtf8() };
      return credentialsIn(await ask(fields, undefined, { what: `assume ${roleArn}`, signal }), deps.clock);
    },
    accountOf: async (credentials, signal) => {
      const call = { what: "ask who one is", signal };
      const answer = await ask({ Action: "GetCallerIdentity" }, credentials, call);
      if (!answer.ok) return answer;
      const account = elementIn(answer.value.body.toString("utf8"), "Account");
      return account !== undefined && /^\d{12}$/.test(account) ? ok(account) : failed(unexpectedAnswer());
    },
  };
}

type Answer = Result<HttpReply, ProviderError>;

interface Call {
  readonly what: string;
  readonly signal: AbortSignal;
}

function sessionFields(action: string, roleArn: string): Fields {
  return { Action: action, RoleArn: roleArn, RoleSessionName: SESSION_NAME };
}

function roleFields({ arn, externalId, sessionTags, transitiveTagKeys }: AwsRole): Fields {
  const tags = sessionTags.flatMap(({ key, value }, index): Field[] => [
    [`Tags.member.${index + 1}.Key`, key],
    [`Tags.member.${index + 1}.Value`, value],
  ]);
  const transitive = transitiveTagKeys.map((key, index): Field => [`TransitiveTagKeys.member.${index + 1}`, key]);
  return {
    ...sessionFields("AssumeRole", arn),
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
    ...Object.fromEntries([...tags, ...transitive]),
  };
}

/** A request to STS before it is signed. */
export interface Unsigned {
  readonly url: URL;
  readonly headers: Fields;
  readonly body: Buffer;
}

/** `headers` with a date and a signature over all of them. */
export async function signedHeaders(
  { clock, region }: Pick<StsDeps, "clock" | "region">,
  { url, headers, body }: Unsigned,
  by: AwsCredentials,
): Promise<Fields> {
  const signer = new SignatureV4({ service: "sts", region, credentials: sdkIdentity(by), sha256: Sha256 });
  const request = {
    ...{ method: "POST", protocol: url.protocol, hostname: url.hostname, path: "/", query: {} },
    ...{ headers: { ...headers }, body },
  };
  const signed: { headers: Fields } = await signer.sign(request, { signingDate: new Date(clock.nowMs()) });
  return signed.headers;
}

/** The signer's form of what Node computes. */
class Sha256 {
  readonly #hash: Hash | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(chunk));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): never {
    throw new Error("a hash of the signer is used once");
  }
}

function bytesOf(chunk: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof chunk === "string") return Buffer.from(chunk);
  return ArrayBuffer.isView(chunk) ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.from(chunk);
}

function credentialsIn(answer: Answer, clock: Clock): Credentials {
  if (!answer.ok) return answer;
  const { body, serverTimeMs } = answer.value;
  const text = body.toString("utf8");
  body.fill(0);
  const keys = {
    accessKeyId: elementIn(text, "AccessKeyId"),
    secretAccessKey: elementIn(text, "SecretAccessKey"),
    sessionToken: elementIn(text, "SessionToken"),
    expiration: elementIn(text, "Expiration"),
    accountId: /<Arn>arn:[^:<]+:sts::(\d{12}):/.exec(text)?.[1],
  };
  return issuedCredentials(keys, serverTimeMs ?? clock.nowMs());
}

/** Keys, tokens, times and numbers hold no character that XML escapes. */
function elementIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<>&]{1,20000})</${name}>`).exec(xml)?.[1];
}
