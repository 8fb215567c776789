// The API server as the network sees it: it may be away for a while, and then knows no stream any more.

import { HttpApi } from "../cluster/http-api.ts";
import type { VirtualCluster } from "../cluster/virtual-cluster.ts";
import { type HubOptions, WatchHub } from "../cluster/watch-hub.ts";
import type { VirtualTime } from "../virtual-time.ts";

export class ApiServer {
  readonly #time: VirtualTime;
  readonly api: HttpApi;
  readonly hub: WatchHub;
  #awayUntilMs = 0;

  constructor(time: VirtualTime, cluster: VirtualCluster, options: HubOptions) {
    this.#time = time;
    this.api = new HttpApi(cluster);
    this.hub = new WatchHub(cluster, options);
  }

  get isAway(): boolean {
    return this.#time.nowMs < this.#awayUntilMs;
  }

  goAway(durationMs: number): void {
    this.#awayUntilMs = Math.max(this.#awayUntilMs, this.#time.nowMs + durationMs);
  }
}
