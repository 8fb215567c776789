// A small AWS in this process, over HTTP: Secrets Manager and STS as far as the provider asks them, and faults on
// demand. It answers in AWS's shapes, with texts that tests look for where they must not be.

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { isRecord, listOf, recordOf, textOf } from "../../src/core/unknown.ts";
import { ServerTraffic } from "./server-traffic.ts";
import { awsError, StubSecrets } from "./stub-secrets.ts";
import { respond, type StubFault } from "./stub-vault.ts";
import { type StubAnswer, VENDOR_TEXT } from "./stub-kv.ts";

export interface AwsStubRequest {
  /** Such as GetSecretValue or AssumeRole. */
  readonly action: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Access key id of the signature; undefined: not signed. */
  readonly accessKeyId: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
}

export const ACCOUNT = "123456789012";
/** Of the key pair that is known from the start. */
export const ACCESS_KEY_ID = "AKIASTUBSTUBSTUBSTUB";

export class StubAws {
  readonly requests: AwsStubRequest[] = [];
  readonly secrets = new StubSecrets(ACCOUNT);
  /** Access key ids whose signature is accepted. */
  readonly keys = new Set([ACCESS_KEY_ID]);
  /** Actions, or `SECRET` names of single secrets, that policies deny. */
  readonly denied = new Set<string>();
  /** By name of a secret, or by action; for a batch, those of the secrets in it. */
  readonly faults = new Map<string, StubFault>();
  /** What AssumeRole gives, and whether it is refused. */
  roles = { isRefused: false, lifeSeconds: 3_600, code: "AccessDenied" };
  /** Code of the answer to keys that are not accepted. */
  keyError = "UnrecognizedClientException";
  /** Of the Date header, and of expirations. */
  nowMs = Date.UTC(2026, 0, 1);
  readonly #server = http.createServer();
  readonly traffic = new ServerTraffic(this.#server);
  readonly #arrivals: { readonly subject: string; readonly resolve: () => void }[] = [];
  #sessions = 0;

  private constructor() {
    this.#server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      void this.#serve(request, response);
    });
  }

  static async start(): Promise<StubAws> {
    const stub = new StubAws();
    stub.#server.listen(0, "127.0.0.1");
    await once(stub.#server, "listening");
    return stub;
  }

  get url(): string {
    const address: AddressInfo | string | null = this.#server.address();
    return `http://localhost:${address !== null && typeof address === "object" ? address.port : 0}`;
  }

  count(action: string): number {
    return this.requests.filter((request) => request.action === action).length;
  }

  /** Resolves when the next request for the secret, or of the action, has come. */
  arrival(subject: string): Promise<void> {
    return new Promise((resolve) => this.#arrivals.push({ subject, resolve }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const entry = await requestOf(request);
    this.requests.push(entry);
    const subjects = subjectsOf(entry);
    for (const arrival of this.#arrivals.splice(0)) {
      if (subjects.includes(arrival.subject)) arrival.resolve();
      else this.#arrivals.push(arrival);
    }
    response.sendDate = false;
    response.setHeader("Date", new Date(this.nowMs).toUTCString());
    const isEntry = (subject: string): boolean =>
      this.secrets.batchErrors.has(subject) && entry.action.startsWith("Batch");
    const fault = subjects.map((subject) => (isEntry(subject) ? undefined : this.faults.get(subject))).find(Boolean);
    (fault ?? respond(this.#answer(entry)))(response);
  }

  #answer(request: AwsStubRequest): StubAnswer {
    if (request.action === "AssumeRoleWithWebIdentity") return this.#assume(request);
    const isKnown = this.keys.has(request.accessKeyId ?? "");
    const isSts = ["AssumeRole", "GetCallerIdentity"].includes(request.action);
    if (!isKnown) return isSts ? stsError(403, "InvalidClientTokenId") : awsError(this.keyError);
    if (request.action === "AssumeRole") return this.#assume(request);
    if (request.action === "GetCallerIdentity") return xml(`<Account>${ACCOUNT}</Account>`);
    const isDenied = this.denied.has(request.action) || this.denied.has(textOf(request.fields["SecretId"]) ?? "");
    return isDenied
      ? awsError("AccessDeniedException")
      : this.secrets.answer(request.action, request.fields, this.denied);
  }

  #assume({ fields }: AwsStubRequest): StubAnswer {
    if (this.roles.isRefused) return stsError(403, this.roles.code);
    this.#sessions += 1;
    const accessKeyId = `ASIASTUB${String(this.#sessions).padStart(12, "0")}`;
    this.keys.add(accessKeyId);
    const expiration = new Date(this.nowMs + this.roles.lifeSeconds * 1_000).toISOString();
    const role = textOf(fields["RoleArn"])?.split("/").at(-1) ?? "";
    return xml(
      `<AssumedRoleUser><Arn>arn:aws:sts::${ACCOUNT}:assumed-role/${role}/fairlead</Arn></AssumedRoleUser>` +
        `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>stub-secret-${this.#sessions}</SecretAccessKey>` +
        `<SessionToken>stub-token-${this.#sessions}</SessionToken><Expiration>${expiration}</Expiration></Credentials>`,
    );
  }
}

function stsError(status: number, code: string): StubAnswer {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${VENDOR_TEXT}</Message></Error></ErrorResponse>`;
  return { status, body, headers: { "Content-Type": "text/xml" } };
}

function xml(result: string): StubAnswer {
  return {
    status: 200,
    body: `<Response><Result>${result}</Result></Response>`,
    headers: { "Content-Type": "text/xml" },
  };
}

async function requestOf(request: http.IncomingMessage): Promise<AwsStubRequest> {
  const { headers } = request;
  const body = await readText(request);
  const target = textOf(headers["x-amz-target"]);
  const parsed: unknown = target === undefined ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
  const fields = isRecord(parsed) ? parsed : {};
  const accessKeyId = /Credential=([^/]+)\//.exec(headers.authorization ?? "")?.[1];
  return { action: target?.split(".").at(-1) ?? textOf(fields["Action"]) ?? "", fields, accessKeyId, headers };
}

function subjectsOf({ action, fields }: AwsStubRequest): readonly string[] {
  const ids = [fields["SecretId"], ...listOf(recordOf(fields)["SecretIdList"])];
  return [action, ...ids.flatMap((id) => textOf(id) ?? [])];
}
