// Runs the testbed's kubectl with the administrator's kubeconfig, as a person would.
// Its caches go to the rig's directory; nothing of the user's own kubeconfig or environment is seen.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { RigHandle } from "./rig-handle.ts";
import { cleanEnvironment } from "./rig-site.ts";

export interface KubectlOptions {
  /** Text for `-f -`. */
  readonly stdin?: string;
  /** User to impersonate, for example system:serviceaccount:team-a:app. */
  readonly as?: string;
  /** Another kubeconfig than the administrator's. */
  readonly kubeconfigPath?: string;
}

const ENDED_BY_SIGNAL = -1;

class KubectlError extends Error {
  readonly code: number;
  readonly stderr: string;

  constructor(args: readonly string[], code: number, stderr: string) {
    super(`kubectl ${args.join(" ")} ended with exit code ${code}: ${stderr.trim()}`);
    this.name = "KubectlError";
    this.code = code;
    this.stderr = stderr;
  }
}

/** Returns stdout. Throws KubectlError where the exit code is not 0. */
export async function runKubectl(
  handle: RigHandle,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<string> {
  const flags = [`--kubeconfig=${options.kubeconfigPath ?? handle.kubernetes.adminKubeconfigPath}`];
  const impersonation = options.as === undefined ? [] : [`--as=${options.as}`];
  const child = spawn(handle.binaries.kubectl, [...flags, ...impersonation, ...args], {
    env: { ...cleanEnvironment(handle.directory) },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined); // kubectl may refuse its arguments before it reads what it was given.
  child.stdin.end(options.stdin ?? "");
  await once(child, "close");
  if (child.exitCode !== 0) {
    throw new KubectlError(args, child.exitCode ?? ENDED_BY_SIGNAL, Buffer.concat(stderr).toString("utf8"));
  }
  return Buffer.concat(stdout).toString("utf8");
}
