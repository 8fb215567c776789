// AWS STS for a real Vault: answers who one is, to requests that are signed with the one key that it knows.

import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { verifiedSignature } from "../../support/signature-v4.ts";

export const STS_ACCOUNT = "123456789012";

/** Origin of a server that ends with this process and keeps it from no end. */
export async function startStubSts(arn: string, secretAccessKey: string): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      // Vault puts one more slash before the path (vault@v1.21.1 builtin/credential/aws/path_login.go, buildHttpRequest).
      const path = (request.url ?? "").replace(/^\/+/, "/");
      const signed = { method: request.method ?? "", path, headers, body };
      const facts = verifiedSignature(signed, secretAccessKey);
      const isGenuine = facts?.service === "sts" && body === "Action=GetCallerIdentity&Version=2011-06-15";
      response.writeHead(isGenuine ? 200 : 403, { "Content-Type": "text/xml" });
      response.end(isGenuine ? identityDocument(arn) : "<ErrorResponse/>");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
}

function identityDocument(arn: string): string {
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>${arn}</Arn><UserId>AIDAMADEUP</UserId><Account>${STS_ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;
}
