// The running control plane, as tests cause trouble to it: the API server ends and comes back on the same port,
// with the same data and certificates. Works from any process that has the rig's handle.
import type { GuardianConnection } from "./guardian-client.ts";
import type { RigSignal } from "./guardian-protocol.ts";
import { controlPlaneProcesses, waitUntilApiServerReady } from "./control-plane-start.ts";
import type { RigHandle } from "./rig-handle.ts";

export interface ControlPlane {
  readonly server: string;
  readonly caPem: string;
  /** Ends the API server and returns when it is gone. Default SIGKILL. */
  stopApiServer(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again and returns when it is ready. */
  startApiServer(): Promise<void>;
  /** Stops it from running (SIGSTOP): connections stay open and nothing answers. */
  pauseApiServer(): Promise<void>;
  resumeApiServer(): Promise<void>;
  /** Halts garbage collection, namespace deletion, quotas and new ServiceAccounts; resume with resumeControllers. */
  pauseControllers(): Promise<void>;
  resumeControllers(): Promise<void>;
}

export function connectControlPlane(handle: RigHandle, guardian: GuardianConnection): ControlPlane {
  const { apiServer, controllerManager } = controlPlaneProcesses;
  const signal = (name: string, kind: RigSignal): Promise<void> => guardian.signal(name, kind);
  return {
    server: handle.kubernetes.server,
    caPem: handle.kubernetes.caPem,
    stopApiServer: async (kind = "SIGKILL") => {
      await signal(apiServer, kind);
      await guardian.waitExit(apiServer);
    },
    startApiServer: async () => {
      await guardian.startAgain(apiServer);
      await waitUntilApiServerReady({ guardian, directory: handle.directory }, handle.kubernetes);
      await restartIfEnded(guardian, controllerManager);
    },
    pauseApiServer: () => signal(apiServer, "SIGSTOP"),
    resumeApiServer: () => signal(apiServer, "SIGCONT"),
    pauseControllers: () => signal(controllerManager, "SIGSTOP"),
    resumeControllers: () => signal(controllerManager, "SIGCONT"),
  };
}

/** kube-controller-manager ends itself when the API server is away for long, as in a cluster, where kubelet starts it again. */
async function restartIfEnded(guardian: GuardianConnection, name: string): Promise<void> {
  const state = await guardian.state(name);
  if (state.kind === "ended") {
    await guardian.startAgain(name);
  }
}
