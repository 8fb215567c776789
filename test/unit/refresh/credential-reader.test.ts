import { describe, expect, test } from "vitest";
import type { CredentialReader, OperatorIdentity } from "../../../src/core/provider/credentials.ts";
import { failed, ok, type Result } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import { recordOf } from "../../../src/core/unknown.ts";
import { type ApiError, errorFromFailure, errorFromStatus } from "../../../src/kubernetes/api-error.ts";
import { noStatusFacts } from "../../../src/kubernetes/status-body.ts";
import type { ApiCall } from "../../../src/kubernetes/rest-client.ts";
import {
  clusterCredentialReader,
  type CredentialReaderDeps,
  namespacedCredentialReader,
} from "../../../src/refresh/credential-reader.ts";
import { FakeCluster, refused } from "../../support/fake-cluster.ts";

const signal = AbortSignal.any([]);
const CANARY = "canary-7f3a";

function cluster(answer?: (call: ApiCall) => Result<unknown, ApiError> | undefined) {
  const fake = new FakeCluster();
  const encoded = Buffer.from(CANARY).toString("base64");
  for (const namespace of ["team-a", "team-b"])
    fake.apply(`/api/v1/namespaces/${namespace}/secrets/login`, { data: { token: encoded } });
  fake.apply("/api/v1/namespaces/team-a/configmaps/ca", { data: { pem: CANARY }, binaryData: { der: encoded } });
  const calls: ApiCall[] = [];
  fake.intercept = (call) => {
    calls.push(call);
    return answer?.(call);
  };
  return { fake, calls };
}

const token =
  (expirationTimestamp: string | undefined, value: string | undefined = CANARY) =>
  () =>
    ok({ status: { token: value, expirationTimestamp } });

function reader(
  kind: "SecretStore" | "ClusterSecretStore",
  client: FakeCluster,
  options: Partial<CredentialReaderDeps> & { readonly operatorToken?: SecretValue | undefined } = {},
): CredentialReader {
  const { operatorToken, ...overrides } = options;
  const deps = {
    client,
    operator: { namespace: "system", name: "fairlead" },
    onRead: () => undefined,
    readOperatorToken: () => Promise.resolve(operatorToken),
    operatorIdentity,
    ...overrides,
  };
  return kind === "SecretStore" ? namespacedCredentialReader(deps, "team-a") : clusterCredentialReader(deps, "team-b");
}

const operatorIdentity: OperatorIdentity = {
  variable: (name) => `value of ${name}`,
  readFile: () => Promise.resolve(undefined),
};
const login = { name: "login", key: "token", namespace: undefined };
const account = { name: "app", audiences: [], namespace: undefined };

describe("a key of an object", () => {
  test.each([
    { of: "a Secret", read: "readSecretKey", ref: login },
    { of: "a ConfigMap's text", read: "readConfigMapKey", ref: { name: "ca", key: "pem", namespace: undefined } },
    { of: "a ConfigMap's bytes", read: "readConfigMapKey", ref: { name: "ca", key: "der", namespace: undefined } },
  ] as const)("of $of is read whole", async ({ read, ref }) => {
    const answer = await reader("SecretStore", cluster().fake)[read](ref, signal);
    expect(answer.ok && answer.value.equals(SecretValue.ofUtf8(CANARY))).toBe(true);
  });

  test.each([
    {
      given: "no such key",
      ref: { ...login, key: "other" },
      answer: undefined,
      then: "missing Secret team-a/login has no key other",
    },
    {
      given: "no such object",
      ref: { ...login, name: "none" },
      answer: undefined,
      then: "missing Secret team-a/none does not exist",
    },
    {
      given: "no permission",
      ref: login,
      answer: refused(403),
      then: "denied the operator may not read Secret team-a/login",
    },
    {
      given: "no API server",
      ref: login,
      answer: failed(errorFromFailure("unavailable", "connect", false)),
      then: "unavailable the API server did not answer for Secret team-a/login",
    },
  ])("with $given is $then", async ({ ref, answer, then }) => {
    const read = await reader("SecretStore", cluster(() => answer).fake).readSecretKey(ref, signal);
    expect(read.ok ? "read" : `${read.error.kind} ${read.error.detail}`).toContain(then);
  });
});

describe("the state of an object that a login uses", () => {
  test.each([
    { given: "it is read", ref: login, answer: undefined, then: "present" },
    { given: "it lacks the key", ref: { ...login, key: "other" }, answer: undefined, then: "present" },
    { given: "it is not there", ref: { ...login, name: "none" }, answer: undefined, then: "absent" },
    { given: "it may not be read", ref: login, answer: refused(403), then: undefined },
    {
      given: "a proxy answers 404",
      ref: login,
      answer: failed(errorFromStatus(404, noStatusFacts, { write: false })),
      then: undefined,
    },
  ])("is told when $given: $then", async ({ ref, answer, then }) => {
    const { fake } = cluster(() => answer);
    const told: string[] = [];
    const onRead: CredentialReaderDeps["onRead"] = ({ type, namespace, name }, seen) =>
      void told.push(`${type.kind} ${namespace}/${name} ${JSON.stringify(seen)}`);
    await reader("SecretStore", fake, { onRead }).readSecretKey(ref, signal);
    const version = recordOf(fake.get("/api/v1/namespaces/team-a/secrets/login")?.["metadata"])["resourceVersion"];
    const seen = then === "present" ? { kind: "present", resourceVersion: version } : { kind: "absent" };
    expect(told).toEqual(then === undefined ? [] : [`Secret team-a/${ref.name} ${JSON.stringify(seen)}`]);
  });
});

describe("the namespace of a reference", () => {
  test("of a SecretStore is its own, and no other may be named", async () => {
    const { fake, calls } = cluster();
    const own = reader("SecretStore", fake);
    const foreign = { namespace: "team-b" };
    const answers = [
      await own.readSecretKey({ ...login, ...foreign }, signal),
      await own.readConfigMapKey({ ...login, ...foreign }, signal),
      await own.requestToken({ ...account, ...foreign }, "vault", signal),
    ];
    expect(answers.map((answer) => (answer.ok ? "read" : answer.error.kind))).toEqual([
      "refused",
      "refused",
      "refused",
    ]);
    expect(calls).toEqual([]);
  });

  test.each([
    { given: "the reference's", namespace: "team-a", then: "/api/v1/namespaces/team-a/secrets/login" },
    { given: "the tenant's", namespace: undefined, then: "/api/v1/namespaces/team-b/secrets/login" },
  ])("of a ClusterSecretStore is $given", async ({ namespace, then }) => {
    const { fake, calls } = cluster();
    await reader("ClusterSecretStore", fake).readSecretKey({ ...login, namespace }, signal);
    expect(calls.map(({ path }) => path)).toEqual([then]);
  });

  test("of a ClusterSecretStore is missing while no tenant asks", async () => {
    const { fake, calls } = cluster();
    const nobodys = clusterCredentialReader(
      {
        client: fake,
        readOperatorToken: () => Promise.resolve(undefined),
        operatorIdentity,
        operator: undefined,
        onRead: () => undefined,
      },
      undefined,
    );
    expect(await nobodys.readSecretKey(login, signal)).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(calls).toEqual([]);
  });
});

describe("a token of a ServiceAccount", () => {
  test.each([
    { audiences: [], then: ["vault"] },
    { audiences: ["own"], then: ["own"] },
  ])("is asked for $then when the reference names $audiences", async ({ audiences, then }) => {
    const { fake, calls } = cluster(token("2026-01-01T00:10:00Z"));
    const answer = await reader("SecretStore", fake).requestToken({ ...account, audiences }, "vault", signal);
    expect(answer.ok && answer.value.token.equals(SecretValue.ofUtf8(CANARY))).toBe(true);
    expect(answer.ok && answer.value.expiresAtMs).toBe(Date.UTC(2026, 0, 1, 0, 10));
    const [call] = calls;
    expect(call?.path).toBe("/api/v1/namespaces/team-a/serviceaccounts/app/token");
    expect(recordOf(recordOf(call?.body)["spec"])["audiences"]).toEqual(then);
  });

  test.each([
    { given: "no permission", answer: () => refused(403), then: "denied" },
    { given: "no such account", answer: () => refused(404), then: "missing" },
    { given: "a server error", answer: () => refused(500), then: "unavailable" },
    { given: "an answer without a token", answer: () => ok({}), then: "unavailable" },
    { given: "an answer without its end", answer: token("soon"), then: "unavailable" },
  ])("with $given is $then", async ({ answer, then }) => {
    const read = await reader("SecretStore", cluster(answer).fake).requestToken(account, "vault", signal);
    expect(read.ok ? "read" : read.error.kind).toBe(then);
    expect(JSON.stringify(read)).not.toContain(CANARY);
  });

  test.each([
    { operator: { namespace: "system", name: "fairlead" }, then: "--serviceaccount=system:fairlead" },
    {
      operator: undefined,
      then: "--serviceaccount=NAMESPACE:NAME (NAMESPACE and NAME of the operator's own ServiceAccount)",
    },
  ])("that may not be requested says which Role to apply, and for whom: $then", async ({ operator, then }) => {
    const denied = cluster(() => refused(403)).fake;
    const read = await reader("SecretStore", denied, { operator }).requestToken(account, "vault", signal);
    const detail = read.ok ? "" : read.error.detail;
    expect(detail).toContain("--resource=serviceaccounts/token --resource-name=app");
    expect(detail.endsWith(then)).toBe(true);
  });
});

describe("the operator's own identity", () => {
  test("is refused to a SecretStore", async () => {
    const own = reader("SecretStore", cluster().fake, { operatorToken: SecretValue.ofUtf8(CANARY) });
    expect(await own.readOperatorToken(signal)).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(own.operatorIdentity()).toMatchObject({ ok: false, error: { kind: "refused" } });
  });

  test.each([
    { given: "a token file", token: SecretValue.ofUtf8(CANARY), then: "read" },
    { given: "no token file", token: undefined, then: "missing" },
  ])("serves a ClusterSecretStore: with $given it is $then", async ({ token: own, then }) => {
    const read = await reader("ClusterSecretStore", cluster().fake, { operatorToken: own }).readOperatorToken(signal);
    expect(read.ok ? "read" : read.error.kind).toBe(then);
  });

  test("in its cloud serves a ClusterSecretStore", () => {
    const own = reader("ClusterSecretStore", cluster().fake).operatorIdentity();
    expect(own.ok && own.value.variable("ROLE")).toBe("value of ROLE");
  });
});

describe("annotations of a ServiceAccount", () => {
  const annotated = () => {
    const { fake } = cluster();
    fake.apply("/api/v1/namespaces/team-a/serviceaccounts/app", { metadata: { annotations: { role: "reader" } } });
    return fake;
  };

  test("are read, and the state that was seen is told", async () => {
    const seen: string[] = [];
    const onRead: CredentialReaderDeps["onRead"] = ({ type, name }, { kind }) =>
      seen.push(`${type.kind} ${name} ${kind}`);
    const answer = await reader("SecretStore", annotated(), { onRead }).readAnnotations(account, signal);
    expect(answer).toEqual({ ok: true, value: { role: "reader" } });
    expect(seen).toEqual(["ServiceAccount app present"]);
  });

  test("of a namespace that a SecretStore names are refused", async () => {
    const foreign = { ...account, namespace: "team-b" };
    const answer = await reader("SecretStore", annotated()).readAnnotations(foreign, signal);
    expect(answer).toMatchObject({ ok: false, error: { kind: "refused" } });
  });
});
