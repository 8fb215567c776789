// Certificates of stub servers, in ./tls: for tests only, made once with openssl and valid for a century. The keys of
// the authorities were thrown away; that of the server is public by being here.

import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`tls/${name}`, import.meta.url), "utf8");

export const testTls = {
  /** Signed `server` and `expiredServer`. */
  ca: read("ca.pem"),
  /** Signed nothing that is used here. */
  otherCa: read("other-ca.pem"),
  /** For `localhost`, not for 127.0.0.1. */
  server: { cert: read("server.pem"), key: read("test-only-server.key") },
  expiredServer: { cert: read("expired-server.pem"), key: read("test-only-server.key") },
};
