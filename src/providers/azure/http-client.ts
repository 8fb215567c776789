// The HTTP client that Azure's SDKs are given in place of their own: it hands each request on, once. Answers that are no
// success, and failures, leave it as `RequestFailure`, so that no SDK repeats, follows or words anything.

import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import type { ProviderError } from "../../core/provider/error.ts";
import { providerError } from "../../core/provider/error.ts";
import { failed, type Result } from "../../core/result.ts";
import type { HttpReply, HttpRequest } from "../http/http-message.ts";
import { abortedRequest } from "../http/transport.ts";
import type { Exchange } from "./connection.ts";

/** What a request or a login came to, on its way through an SDK. */
export class RequestFailure extends Error {
  readonly failure: ProviderError;

  constructor(failure: ProviderError) {
    super(failure.kind);
    this.failure = failure;
  }
}

export type Send = (request: HttpRequest) => Promise<Exchange>;
/** Why an answer is none that the SDK may see; undefined: it may. */
export type Judge = (reply: HttpReply) => ProviderError | undefined;

/** Of the SDKs' requests: their own have neither streams nor forms. Aborts with `signal`, beside the request's own. */
export function httpClientOver(send: Send, judge: Judge, signal?: AbortSignal): HttpClient {
  return {
    sendRequest: async (request) => {
      const reply = await send(plainRequest(request, signal));
      if (!reply.ok) throw new RequestFailure(reply.error);
      const failure = judge(reply.value);
      if (failure !== undefined) throw new RequestFailure(failure);
      return pipelineResponse(request, reply.value);
    },
  };
}

/** The limiter and the backoff of the store do what the SDKs would do behind their back. */
export const singleTry = { retryOptions: { maxRetries: 0 } } as const;

/** What `call` gives, or why not. What an SDK throws of its own comes from an answer that it could not read. */
export async function caught<T>(call: () => Promise<T>): Promise<Result<T, ProviderError>> {
  try {
    return { ok: true, value: await call() };
  } catch (cause) {
    if (cause instanceof RequestFailure) return failed(cause.failure);
    const isAbort = cause instanceof Error && cause.name === "AbortError";
    return failed(isAbort ? abortedRequest() : unreadableAnswer());
  }
}

export function unreadableAnswer(): ProviderError {
  return providerError("unavailable", "the answer is not one of Azure Key Vault: is a proxy in between?");
}

function plainRequest(request: PipelineRequest, signal: AbortSignal | undefined): HttpRequest {
  const { method, url, body, abortSignal } = request;
  const headers = { ...request.headers.toJSON() };
  // Answers are taken as they come.
  delete headers["accept-encoding"];
  const signals = [signal, nativeSignal(abortSignal)].filter((one) => one !== undefined);
  return {
    method,
    url,
    headers,
    body: typeof body === "string" ? Buffer.from(body) : undefined,
    signal: AbortSignal.any(signals),
  };
}

/** The SDKs' own type of signal asks for less than the platform's. */
function nativeSignal(signal: PipelineRequest["abortSignal"]): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  signal.addEventListener("abort", () => controller.abort());
  if (signal.aborted) controller.abort();
  return controller.signal;
}

function pipelineResponse(request: PipelineRequest, { status, headers, body }: HttpReply): PipelineResponse {
  const bodyAsText = body.toString("utf8");
  body.fill(0);
  return { request, status, headers: createHttpHeaders({ ...headers }), bodyAsText };
}
