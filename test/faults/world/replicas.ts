// The operators of one run: started as they are shipped, behind a proxy, each with a token of its own, so that the API
// server's audit log tells who wrote. What they put out is kept for the search for leaks.

import { readFile } from "node:fs/promises";
import { deployOperator } from "../../testbed/deploy-operator.ts";
import { parseJson, textAt } from "../../testbed/json.ts";
import type { RunningOperator } from "../../testbed/operator.ts";
import type { Rig } from "../../testbed/rig.ts";
import { type ServiceAccountKubeconfig, writeServiceAccountKubeconfig } from "../../testbed/service-account.ts";
import type { NamedText } from "../../testbed/leaks.ts";
import type { Replica, WorldOptions } from "../fault-world.ts";
import type { FaultProxy } from "../proxy/proxy-port.ts";

export interface Replicas extends AsyncDisposable {
  launch(options: WorldOptions): Promise<Replica>;
  /** Names by id of the token that a replica sent, of all tokens that it ever had. */
  readonly byToken: ReadonlyMap<string, string>;
  /** Kills all, and returns what they have put out: logs, and metrics where they still answered. */
  end(): Promise<readonly NamedText[]>;
}

export function createReplicas(rig: Rig, kube: FaultProxy): Replicas {
  const byToken = new Map<string, string>();
  const started: Started[] = [];
  const end = async (): Promise<readonly NamedText[]> => (await Promise.all(started.map(endOne))).flat();
  return {
    byToken,
    async launch({ replicaName = "fairlead-0", kube: own = kube, args = [], env }) {
      const created: ServiceAccountKubeconfig[] = [];
      const serviceAccountKubeconfig: Rig["serviceAccountKubeconfig"] = async (namespace, name) => {
        const kubeconfig = await proxiedKubeconfig(rig, own, { namespace, name });
        const tracked = await trackTokens(kubeconfig, (id) => byToken.set(id, replicaName));
        created.push(tracked);
        return tracked;
      };
      const operator = await deployOperator(
        { ...rig, serviceAccountKubeconfig },
        { replicaName, args: ["--log-level=debug", ...args], ...(env === undefined ? {} : { env }) },
      );
      const [kubeconfig] = created;
      if (kubeconfig === undefined) throw new Error("The operator was deployed without a kubeconfig");
      const entry: Started = { replicaName, operator, hasEnded: false };
      started.push(entry);
      void operator.exited.then(() => (entry.hasEnded = true));
      return { ...operator, name: replicaName, kubeconfig };
    },
    end,
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
}

interface Started {
  readonly replicaName: string;
  readonly operator: RunningOperator;
  hasEnded: boolean;
}

/** The rig's kubeconfig, with the proxy in the API server's place. */
function proxiedKubeconfig(
  { handle, api }: Rig,
  proxy: FaultProxy,
  account: { readonly namespace: string; readonly name: string },
): Promise<ServiceAccountKubeconfig> {
  const kubernetes = { ...handle.kubernetes, server: proxy.address, caPem: proxy.caPem };
  return writeServiceAccountKubeconfig({ ...handle, kubernetes }, api, account);
}

async function trackTokens(
  kubeconfig: ServiceAccountKubeconfig,
  onToken: (id: string) => void,
): Promise<ServiceAccountKubeconfig> {
  const note = async (): Promise<void> => onToken(tokenId(await readFile(kubeconfig.tokenPath, "utf8")));
  await note();
  return {
    ...kubeconfig,
    async renewToken(options) {
      await kubeconfig.renewToken(options);
      await note();
    },
  };
}

/** The claim `jti` of a JWT: RFC 7519, section 4.1.7. */
function tokenId(token: string): string {
  const [, payload = ""] = token.split(".");
  return textAt(parseJson(Buffer.from(payload, "base64url").toString("utf8")), "jti");
}

async function endOne({ replicaName, operator, hasEnded }: Started): Promise<readonly NamedText[]> {
  // One that is stopped or ended has no metrics to give.
  const metrics = hasEnded ? "" : await operator.metrics().catch(() => "");
  if (!hasEnded) await operator.stop("SIGKILL");
  const lines = await operator.lines();
  return [
    { where: `log of ${replicaName}`, text: lines.join("\n") },
    { where: `metrics of ${replicaName}`, text: metrics },
  ];
}
