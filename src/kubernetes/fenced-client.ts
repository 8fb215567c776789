// A client that writes only while a fence is open: checked before the call, and again right before its bytes leave, so
// that no write waits in a pool beyond the end of our leadership.

import { failed } from "../core/result.ts";
import { errorFromFailure } from "./api-error.ts";
import type { KubernetesClient } from "./rest-client.ts";

export interface Fence {
  isOpen(): boolean;
  /** Fires when the fence closes. Another one after it has opened again. */
  readonly signal: AbortSignal;
  /** Told of each write that begins. What it returns is to be called with how the write ended. */
  began(): (end: WriteEnd) => void;
}

/** `unknown`: it was given up, or its answer was lost, and may still be carried out. */
export type WriteEnd = "known" | "unknown";

/** Reads and watches pass. A write that the fence stops ends as `aborted`; one in flight as `aborted` and `ambiguous`. */
export function fenceWrites(client: KubernetesClient, fence: Fence): KubernetesClient {
  return {
    ...client,
    async call(call, signal) {
      if (call.method === "GET") return client.call(call, signal);
      if (!fence.isOpen()) return failed(errorFromFailure("aborted", undefined, false));
      const ended = fence.began();
      const answer = await client.call(
        { ...call, maySend: () => fence.isOpen() },
        AbortSignal.any([signal, fence.signal]),
      );
      ended(answer.ok || !answer.error.ambiguous ? "known" : "unknown");
      return answer;
    },
  };
}
