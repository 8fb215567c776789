// AWS Signature Version 4 checked by a second hand: written after AWS's "Create a signed AWS API request", not with the
// SDK that signs.

import { createHash, createHmac } from "node:crypto";

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SignedFacts {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/(\w+)\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w{64})$/;

/** Who signed what; undefined: the signature is not that of the key. */
export function verifiedSignature(request: SignedRequest, secretAccessKey: string): SignedFacts | undefined {
  const { method, path, headers, body } = request;
  const form = FORM.exec(headers["authorization"] ?? "");
  if (form === null) return undefined;
  const [accessKeyId = "", day = "", region = "", service = "", names = "", signature] = form.slice(1);
  const signedHeaders = names.split(";");
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  const canonical = [method, path, "", lines.join(""), names, sha256(body)].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"] ?? "", scope, sha256(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  if (hmac(key, text).toString("hex") !== signature) return undefined;
  return { accessKeyId, region, service, signedHeaders };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
