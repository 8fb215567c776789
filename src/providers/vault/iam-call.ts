// The AWS login of Vault: a question to STS ("who am I"), signed with keys of AWS and not sent by us; Vault sends it and
// believes the answer. Loaded only where a store logs in so. Vault docs, "AWS auth method (API)", login, type iam.

import { ok } from "../../core/result.ts";
import type { VaultAuth } from "../../core/spec/secret-store.ts";
import { createConnection } from "../aws/connection.ts";
import type { AwsCredentials, Credentials } from "../aws/credentials.ts";
import { stsEndpoint } from "../aws/endpoints.ts";
import { createLogin } from "../aws/login.ts";
import { PLATFORM_HOSTS } from "../aws/platform-identity.ts";
import { createSts, signedHeaders } from "../aws/sts.ts";
import { egressToPlatform } from "../http/egress.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import type { Call } from "./login-call.ts";
import { requestPath } from "./key-path.ts";

type IamAuth = Extract<VaultAuth, { readonly kind: "iam" }>;

const QUESTION = "Action=GetCallerIdentity&Version=2011-06-15";
const FORM = "application/x-www-form-urlencoded; charset=utf-8";
const SERVER_ID = "x-vault-aws-iam-server-id";
/** Vault asks the global STS unless it is configured otherwise, and that one speaks for this region. */
const GLOBAL_REGION = "us-east-1";
const GLOBAL_STS = "https://sts.amazonaws.com";

export async function iamCall(auth: IamAuth, deps: ProviderDeps, signal: AbortSignal): Call {
  const keys = await keysOf(auth, deps, signal);
  if (!keys.ok) return keys;
  return ok({
    name: "AWS",
    path: requestPath("auth", auth.path, "login"),
    body: {
      ...(auth.role === undefined ? {} : { role: auth.role }),
      ...(await signedQuestion(auth, keys.value, deps)),
    },
  });
}

/** One login at AWS, with connections of its own: it happens once in the life of a Vault token. */
async function keysOf(
  { identity, roles, region }: IamAuth,
  deps: ProviderDeps,
  signal: AbortSignal,
): Promise<Credentials> {
  const { clock, credentials } = deps;
  const connection = createConnection(deps, deps.egress);
  const platform = createConnection(deps, egressToPlatform(...PLATFORM_HOSTS));
  const endpoint = stsEndpoint({ stsEndpoint: undefined, region });
  const sts = createSts({ connection, clock, region, endpoint });
  const login = createLogin({ auth: identity, roles }, { credentials, sts, platform, nowMs: () => clock.nowMs() });
  try {
    return await login(signal);
  } finally {
    connection.destroy();
    platform.destroy();
  }
}

async function signedQuestion(
  { region, serverId }: IamAuth,
  keys: AwsCredentials,
  { clock }: ProviderDeps,
): Promise<Readonly<Record<string, string>>> {
  const endpoint = region === GLOBAL_REGION ? GLOBAL_STS : stsEndpoint({ stsEndpoint: undefined, region });
  const url = new URL(endpoint);
  const headers = {
    host: url.host,
    "content-type": FORM,
    ...(serverId === undefined ? {} : { [SERVER_ID]: serverId }),
  };
  const signed = await signedHeaders({ clock, region }, { url, headers, body: Buffer.from(QUESTION) }, keys);
  return {
    iam_http_request_method: "POST",
    iam_request_url: base64(url.href),
    iam_request_body: base64(QUESTION),
    iam_request_headers: base64(JSON.stringify(signed)),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
