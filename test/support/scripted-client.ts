// A KubernetesClient whose answers the test gives by hand: every call and stream waits until the test ends it.

import { failed, ok, type Result } from "../../src/core/result.ts";
import { type ApiError, errorFromFailure, errorFromStatus } from "../../src/kubernetes/api-error.ts";
import type { ApiCall, KubernetesClient, WatchCall, WatchHandlers } from "../../src/kubernetes/rest-client.ts";
import { noStatusFacts } from "../../src/kubernetes/status-body.ts";

export interface ScriptedCall {
  readonly call: ApiCall;
  readonly signal: AbortSignal;
  /** Answers with this body, and lets what waits for it run. */
  answer(body: unknown): Promise<void>;
  fail(error: ApiError): Promise<void>;
}

export interface ScriptedStream {
  readonly call: WatchCall;
  readonly signal: AbortSignal;
  readonly handlers: WatchHandlers;
  /** Sends one watch event. */
  event(type: string, object: unknown): void;
  end(error?: ApiError): Promise<void>;
}

/** Lets everything that is ready run: promises only, no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}

export const httpError = (status: number, retryAfterMs?: number): ApiError =>
  errorFromStatus(status, noStatusFacts, { write: false, headerRetryAfterMs: retryAfterMs });

export const networkError: ApiError = errorFromFailure("unavailable", "connect", false);

export function scriptedClient() {
  const calls: ScriptedCall[] = [];
  const streams: ScriptedStream[] = [];
  const client: KubernetesClient = {
    call(call, signal) {
      const { promise, resolve } = Promise.withResolvers<Result<unknown, ApiError>>();
      const finish = (result: Result<unknown, ApiError>): Promise<void> => (resolve(result), settle());
      signal.addEventListener("abort", () => resolve(failed(errorFromFailure("aborted", undefined, false))));
      calls.push({
        call,
        signal,
        answer: (body) => finish(ok(body)),
        fail: (error) => finish(failed(error)),
      });
      return promise;
    },
    watch(call, handlers, signal) {
      const { promise, resolve } = Promise.withResolvers<Result<undefined, ApiError>>();
      signal.addEventListener("abort", () => resolve(failed(errorFromFailure("aborted", undefined, false))));
      streams.push({
        call,
        signal,
        handlers,
        event: (type, object) => handlers.line(JSON.stringify({ type, object })),
        end(error) {
          resolve(error === undefined ? ok(undefined) : failed(error));
          return settle();
        },
      });
      return promise;
    },
    close: () => undefined,
  };
  return { client, calls, streams };
}
