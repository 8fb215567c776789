// The identity that AWS gives to the operator's own pod: a role for its ServiceAccount (IRSA), EKS Pod Identity, or the
// role of the instance. Only ClusterSecretStores get so far: the credential reader refuses it to others.

import type { OperatorIdentity } from "../../core/provider/credentials.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, type Result } from "../../core/result.ts";
import type { HttpReply } from "../http/http-message.ts";
import type { AwsConnection } from "./connection.ts";
import { type Credentials, issuedCredentials, keysInJson, type Login } from "./credentials.ts";
import { errorOfLogin } from "./map-error.ts";
import type { Sts } from "./sts.ts";

export interface PlatformDeps {
  /** Reaches the platform's own addresses, and no others. */
  readonly platform: AwsConnection;
  readonly sts: Sts;
  readonly nowMs: () => number;
}

/** EKS Pod Identity agent: amazon-eks-pod-identity-webhook, AWS_CONTAINER_CREDENTIALS_FULL_URI. */
const POD_IDENTITY_HOSTS = ["169.254.170.23", "[fd00:ec2::23]"];
/** Amazon EC2 user guide, "Use the Instance Metadata Service": version 2, whose answers need a session token. */
const METADATA = "http://169.254.169.254/latest";
const METADATA_SESSION_SECONDS = "300";

/** Hosts to give to `egressToPlatform`. */
export const PLATFORM_HOSTS = ["169.254.170.23", "fd00:ec2::23", "169.254.169.254"];

/** In the order in which AWS's own tools look. */
export function platformLogin(identity: OperatorIdentity, deps: PlatformDeps): Login {
  const roleArn = identity.variable("AWS_ROLE_ARN");
  const tokenFile = identity.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (roleArn !== undefined && tokenFile !== undefined) {
    return (signal) => webIdentityLogin(identity, { roleArn, tokenFile, sts: deps.sts }, signal);
  }
  const uri = identity.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const containerTokenFile = identity.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (uri !== undefined && containerTokenFile !== undefined) {
    return (signal) => podIdentityLogin(identity, { uri, tokenFile: containerTokenFile, deps }, signal);
  }
  if (identity.variable("AWS_EC2_METADATA_DISABLED") === "true") {
    return () => Promise.resolve(failed(notGiven("it has neither a role of its own nor Pod Identity")));
  }
  return (signal) => instanceLogin(deps, signal);
}

interface WebIdentity {
  readonly roleArn: string;
  readonly tokenFile: string;
  readonly sts: Sts;
}

async function webIdentityLogin(
  identity: OperatorIdentity,
  { roleArn, tokenFile, sts }: WebIdentity,
  signal: AbortSignal,
): Promise<Credentials> {
  // Read for each login: the kubelet renews the file.
  const token = await identity.readFile(tokenFile, signal);
  if (token === undefined) return failed(notGiven("the file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read"));
  return sts.assumeRoleWithWebIdentity(roleArn, token, signal);
}

interface PodIdentity {
  readonly uri: string;
  readonly tokenFile: string;
  readonly deps: PlatformDeps;
}

async function podIdentityLogin(
  identity: OperatorIdentity,
  { uri, tokenFile, deps }: PodIdentity,
  signal: AbortSignal,
): Promise<Credentials> {
  const host = URL.parse(uri)?.host ?? "";
  if (!POD_IDENTITY_HOSTS.includes(host)) {
    return failed(notGiven("AWS_CONTAINER_CREDENTIALS_FULL_URI does not name the agent of EKS Pod Identity"));
  }
  const token = await identity.readFile(tokenFile, signal);
  if (token === undefined) {
    return failed(notGiven("the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read"));
  }
  return issued(
    await ask(deps, { method: "GET", url: uri, headers: { authorization: token.revealUtf8() } }, signal),
    deps,
  );
}

async function instanceLogin(deps: PlatformDeps, signal: AbortSignal): Promise<Credentials> {
  const lifetime = { "x-aws-ec2-metadata-token-ttl-seconds": METADATA_SESSION_SECONDS };
  const session = await ask(deps, { method: "PUT", url: `${METADATA}/api/token`, headers: lifetime }, signal);
  if (!session.ok) return session;
  const headers = { "x-aws-ec2-metadata-token": session.value.body.toString("latin1") };
  const roles = `${METADATA}/meta-data/iam/security-credentials/`;
  const role = await ask(deps, { method: "GET", url: roles, headers }, signal);
  if (!role.ok) return role;
  const name = role.value.body.toString("latin1").trim();
  if (!/^[\w+=,.@-]{1,64}$/.test(name)) return failed(notGiven("its instance has no role"));
  return issued(await ask(deps, { method: "GET", url: `${roles}${name}`, headers }, signal), deps);
}

interface Question {
  readonly method: "GET" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask(
  { platform }: PlatformDeps,
  question: Question,
  signal: AbortSignal,
): Promise<Result<HttpReply, ProviderError>> {
  const reply = await platform.send({ ...question, body: undefined, signal });
  if (!reply.ok) return reply;
  const { status } = reply.value;
  if (status === 200) return reply;
  if (status === 404) return failed(notGiven("its instance has no role"));
  return failed(errorOfLogin(reply.value, "the operator log in as itself"));
}

function issued(reply: Result<HttpReply, ProviderError>, { nowMs }: PlatformDeps): Credentials {
  if (!reply.ok) return reply;
  const { body, serverTimeMs } = reply.value;
  const keys = keysInJson(body);
  body.fill(0);
  return issuedCredentials(keys, serverTimeMs ?? nowMs());
}

function notGiven(why: string): ProviderError {
  return providerError("unauthenticated", `AWS gives the operator no identity: ${why}`);
}
