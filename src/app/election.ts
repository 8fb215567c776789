// Leader election as a part of the process: with it only the holder of the Lease starts its workers and writes; without
// it this process is the only one, and always may.

import type { LeaderElection } from "../config/config.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Fence } from "../kubernetes/fenced-client.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import type { Component } from "../runtime/manager.ts";
import { createLeaderElector } from "../runtime/leader-election/leader-elector.ts";
import { openFence } from "../runtime/leader-election/write-fence.ts";

export interface ElectionDeps {
  readonly settings: LeaderElection;
  /** Of the pod; undefined outside of a cluster. */
  readonly podNamespace: string | undefined;
  /** Makes a client with connections of its own. */
  readonly createClient: () => KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onChange: (leads: boolean) => void;
}

export interface Election {
  readonly fence: Fence;
  /** Ready when this process may write. */
  readonly component: Component;
  /** Resolves when another replica leads; the process must end then. */
  readonly lost: Promise<void>;
}

/** Name of the Lease, also of its metric. */
export const LEASE_NAME = "fairlead";

/** Undefined: there is no namespace for the Lease. */
export function createElection(deps: ElectionDeps): Election | undefined {
  const { settings, podNamespace } = deps;
  if (settings.kind === "off") return alone(deps.onChange);
  const namespace = settings.namespace ?? podNamespace;
  if (namespace === undefined || namespace === "") return undefined;
  const client = deps.createClient();
  const { promise: lost, resolve: onLost } = Promise.withResolvers<undefined>();
  const elector = createLeaderElector({
    ...deps,
    client,
    lease: { namespace, name: LEASE_NAME },
    identity: settings.identity,
    onLost: () => onLost(undefined),
  });
  const component: Component = {
    name: "leader election",
    start: () => elector.start(),
    async stop(signal) {
      await elector.stop(signal);
      client.close();
    },
  };
  return { fence: elector.fence, component, lost };
}

function alone(onChange: (leads: boolean) => void): Election {
  const component: Component = {
    name: "leader election",
    start() {
      onChange(true);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  };
  return { fence: openFence, component, lost: new Promise(() => undefined) };
}
