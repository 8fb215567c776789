// Ready-made faults for the rules of both proxies: what goes wrong with one request and its answer. Those of open
// watches are in watch-faults.ts.

import type { Answer, Fault, RequestFacts } from "./rule.ts";

/** Committed, never answered: the client cannot know whether its write happened. */
export function ambiguousWrite(): Fault {
  return { kind: "cut", at: "after" };
}

/** An overload that is over after so many seconds; without them the client has to guess. */
export function tooManyRequests(retryAfterSeconds?: number): Fault {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return answered({ ...kubernetesStatus(429, "TooManyRequests", retryAfterSeconds), headers });
}

/** 500, 502, 503, 504. */
export function serverError(status: number, retryAfterSeconds?: number): Fault {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return answered({ ...kubernetesStatus(status, "InternalError", retryAfterSeconds), headers });
}

/** A writer was faster: the resourceVersion is not the newest any more. */
export function conflict409(): Fault {
  return answered(kubernetesStatus(409, "Conflict"));
}

/** The API server does not know the bearer token, or not any more. */
export function expiredToken(): Fault {
  return answered(kubernetesStatus(401, "Unauthorized"));
}

export function forbidden403(): Fault {
  return answered(kubernetesStatus(403, "Forbidden"));
}

/** The watch's resourceVersion is too old, said before the stream begins. */
export function gone410AsStatus(): Fault {
  return answered(kubernetesStatus(410, "Expired"));
}

/** Vault's shape of an error. */
export function storeError(status: number, headers: Readonly<Record<string, string>> = {}): Fault {
  return answered({ status, headers, body: { errors: ["made by the fault proxy"] } });
}

/** A proxy's page where JSON is due. */
export function htmlInsteadOfJson(status = 200): Fault {
  const body = "<!DOCTYPE html><html><body><h1>Gateway</h1></body></html>";
  return answered({ status, headers: { "content-type": "text/html" }, body });
}

/** The real answer without its second half: complete as HTTP, broken as JSON. */
export function brokenJson(): Fault {
  return {
    kind: "rewrite",
    answer: ({ status, body }) => ({ status, body: body.subarray(0, Math.ceil(body.length / 2)) }),
  };
}

/** Anything in the real answer's place, after the server did what it was asked: `""`, `{}`, another type. */
export function otherBody(body: NonNullable<Answer["body"]>): Fault {
  return { kind: "rewrite", answer: ({ status }) => ({ status, body }) };
}

export function redirectTo(location: string, status = 307): Fault {
  return answered({ status, headers: { location }, body: "" });
}

/** The real answer, so slowly that its reader has to give up (or has very much patience). */
export function slowLoris(pieceBytes = 1, pauseMs = 1000): Fault {
  return { kind: "trickle", pieceBytes, pauseMs };
}

/** The request arrives, the answer never comes, the connection stays. */
export function neverAnswered(): Fault {
  return { kind: "silence", at: "after" };
}

/** Lists as they were, watches that show nothing newer, until released: see `frozen` in rule.ts. */
export function staleReads(resourceVersion: string, until: Promise<void>): Fault {
  return { kind: "frozen", resourceVersion, until };
}

/** Requests that change something in the cluster. TokenRequests and reviews are left out: they store nothing. */
export function isWrite({
  verb,
  resource,
  subresource,
}: Pick<RequestFacts, "verb" | "resource" | "subresource">): boolean {
  const changes = ["create", "update", "patch", "delete", "deletecollection"].includes(verb);
  return changes && subresource !== "token" && !resource.endsWith("reviews");
}

/** kube-apiserver's shape of a refusal. */
export function kubernetesStatus(code: number, reason: string, retryAfterSeconds?: number): Answer {
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  const message = "made by the fault proxy";
  return {
    status: code,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, ...details, code },
  };
}

function answered(answer: Answer): Fault {
  return { kind: "answer", answer };
}
