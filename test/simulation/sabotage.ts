// Where a bug can be put into the operator on purpose: each member takes a real part and returns a broken one. Nothing
// in src knows of it.

import type { Clock } from "../../src/core/clock.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import type { Fence } from "../../src/kubernetes/fenced-client.ts";
import type { KubernetesClient } from "../../src/kubernetes/rest-client.ts";
import type { WorkQueue } from "../../src/runtime/work-queue.ts";

export interface Sabotage {
  /** Below the fence: what it breaks is broken for the workers and the caches. */
  readonly client?: (client: KubernetesClient) => KubernetesClient;
  /** Instead of the fence around the client. */
  readonly fence?: (client: KubernetesClient, fence: Fence) => KubernetesClient;
  readonly electionClient?: (client: KubernetesClient) => KubernetesClient;
  readonly electionClock?: (clock: Clock) => Clock;
  readonly queue?: (queue: WorkQueue) => WorkQueue;
  readonly provider?: (provider: SecretProvider) => SecretProvider;
}
