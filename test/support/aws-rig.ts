// What an AWS provider needs around it, in memory: credentials of a cluster, a clock that tests move, a limiter that
// counts, a log that keeps its lines; and the stub that it asks.

import type { CredentialReader, OperatorIdentity } from "../../src/core/provider/credentials.ts";
import { type RemoteRef, remoteRefId, type SecretProvider } from "../../src/core/provider/port.ts";
import { failed, ok } from "../../src/core/result.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { AwsAuth, AwsStoreSpec } from "../../src/core/spec/secret-store.ts";
import { createAwsProvider } from "../../src/providers/aws/aws-provider.ts";
import type { ProviderDeps, RequestFacts } from "../../src/providers/provider-deps.ts";
import { FakeClock } from "./fake-clock.ts";
import { recordingLogger } from "./recording-logger.ts";
import { ACCESS_KEY_ID, StubAws } from "./stub-aws.ts";
import { testEgress } from "./test-egress.ts";
import { objectKeyRef } from "./vault-rig.ts";

export const NEVER = new AbortController().signal;
export const ROLE = "arn:aws:iam::123456789012:role/reader";

export const staticKeys = {
  kind: "secret",
  accessKeyId: objectKeyRef("aws", "id"),
  secretAccessKey: objectKeyRef("aws", "secret"),
  sessionToken: undefined,
} as const satisfies AwsAuth;

export const webIdentity = {
  kind: "serviceAccount",
  ref: { name: "app", audiences: [], namespace: undefined },
} as const satisfies AwsAuth;

export function refTo(key: string, overrides: Partial<RemoteRef> = {}): RemoteRef {
  return { key, version: undefined, metadataPolicy: "None", ...overrides };
}

export class AwsRig {
  readonly stub: StubAws;
  readonly clock = new FakeClock();
  readonly logged = recordingLogger();
  readonly requestFacts: RequestFacts[] = [];
  readonly logins: string[] = [];
  /** Values of Secrets, by `name/key`. */
  readonly objects = new Map([
    ["aws/id", `${ACCESS_KEY_ID}\n`],
    ["aws/secret", "stub-secret"],
  ]);
  annotations: Readonly<Record<string, string>> = { "eks.amazonaws.com/role-arn": ROLE };
  /** Audiences that tokens were asked for. */
  readonly audiences: string[] = [];
  /** Undefined: refused, as to a SecretStore. */
  operator: OperatorIdentity | undefined;
  /** Requests that passed the limiter. */
  limited = 0;
  readonly #providers: SecretProvider[] = [];

  private constructor(stub: StubAws) {
    this.stub = stub;
  }

  static async start(): Promise<AwsRig> {
    return new AwsRig(await StubAws.start());
  }

  spec(overrides: Partial<AwsStoreSpec> = {}): AwsStoreSpec {
    const { url } = this.stub;
    const place = {
      service: "SecretsManager",
      region: "eu-west-1",
      prefix: "",
      endpoint: url,
      stsEndpoint: url,
    } as const;
    return { kind: "aws", ...place, auth: staticKeys, roles: [], ...overrides };
  }

  provider(overrides: Partial<AwsStoreSpec> = {}, deps: Partial<ProviderDeps> = {}): SecretProvider {
    const provider = createAwsProvider(this.spec(overrides), { ...this.deps(), ...deps });
    this.#providers.push(provider);
    return provider;
  }

  deps(): ProviderDeps {
    return {
      credentials: this.#credentials(),
      clock: this.clock,
      random: () => 0.5,
      log: this.logged.log,
      egress: testEgress({ allowInsecureHttp: true }),
      limiter: (task, signal) => {
        signal.throwIfAborted();
        this.limited += 1;
        return task();
      },
      onRequest: (facts) => this.requestFacts.push(facts),
      onLogin: (outcome) => this.logins.push(outcome),
    };
  }

  async close(): Promise<void> {
    this.stub.faults.clear();
    await Promise.all(this.#providers.map((provider) => provider.close()));
    await this.stub.close();
  }

  #credentials(): CredentialReader {
    const missing = (detail: string) => failed({ kind: "missing", detail } as const);
    return {
      readSecretKey: (ref) => {
        const text = this.objects.get(`${ref.name}/${ref.key}`);
        const detail = `Secret ${ref.name} has no key ${ref.key}`;
        return Promise.resolve(text === undefined ? missing(detail) : ok(SecretValue.ofUtf8(text)));
      },
      readConfigMapKey: () => Promise.resolve(missing("no ConfigMap here")),
      readAnnotations: () => Promise.resolve(ok(this.annotations)),
      requestToken: (ref, defaultAudience) => {
        this.audiences.push(...(ref.audiences.length > 0 ? ref.audiences : [defaultAudience]));
        return Promise.resolve(ok({ token: SecretValue.ofUtf8("jwt-1"), expiresAtMs: Number.MAX_SAFE_INTEGER }));
      },
      readOperatorToken: () => Promise.resolve(missing("no token file")),
      operatorIdentity: () =>
        this.operator === undefined ? failed({ kind: "refused", detail: "not for a SecretStore" }) : ok(this.operator),
    };
  }
}

/** Text and version of a value, or the error. */
export async function readOne(provider: SecretProvider, ref: RemoteRef, signal = NEVER) {
  const answer = (await provider.readSecrets([ref], signal)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer.ok ? { text: answer.value.payload.revealUtf8(), version: answer.value.version?.display } : answer.error;
}

export async function versionOf(provider: SecretProvider, ref: RemoteRef) {
  const answer = (await provider.readVersions([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer.ok ? answer.value?.identity : answer.error;
}
