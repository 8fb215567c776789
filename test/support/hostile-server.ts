// A server that a tenant names as its store, and that keeps whatever it is sent. It plays every store and every login at
// once, and gives what each of them gives, so that nobody stops before having shown all.

import type { StandInServer } from "../testbed/azure/tls-server.ts";
import { startServer } from "../testbed/azure/tls-server.ts";
import { testTls } from "./tls.ts";

/** Of Vault, and of Azure. */
const WELCOME = {
  auth: { client_token: "hostile-token", lease_duration: 3_600, renewable: false, token_type: "batch" },
  ...{ access_token: "hostile-token", expires_in: 3_600, token_type: "Bearer" },
  data: { ttl: 3_600, renewable: false },
};

export interface HostileServer extends Pick<StandInServer, "origin" | "close"> {
  /** Each request whole: line, headers and body; what is base64 in it stands behind it as text. */
  readonly received: readonly string[];
}

export async function startHostileServer(): Promise<HostileServer> {
  const received: string[] = [];
  const { origin, close } = await startServer({
    tls: testTls.server,
    host: "localhost",
    answer: ({ method, url, headers, body }) => {
      const whole = decodeURIComponent(`${method} ${url.href} ${JSON.stringify(headers)} ${body.replaceAll("+", " ")}`);
      received.push(`${whole} ${decoded(whole)}`);
      if (url.pathname.endsWith("/openid-configuration")) return { status: 200, body: metadataOf(url) };
      return { status: 200, body: WELCOME };
    },
  });
  return { origin, close, received };
}

/** https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc : what a login of Azure needs to go on. */
function metadataOf({ origin, pathname }: URL): object {
  const tenant = `${origin}/${pathname.split("/")[1] ?? ""}`;
  return {
    issuer: `${tenant}/v2.0`,
    authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${tenant}/discovery/v2.0/keys`,
  };
}

function decoded(text: string): string {
  const parts = text.match(/[A-Za-z0-9+/_=-]{16,}/g) ?? [];
  return parts.map((part) => Buffer.from(part, "base64").toString("latin1")).join(" ");
}
