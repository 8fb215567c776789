// Starts moto for a test: Secrets Manager, Parameter Store, STS and IAM on one port, over plain HTTP. It checks neither
// signatures nor permissions until `requireAuthentication` is called; then it does both, as AWS would.
import { join } from "node:path";
import { findFreePort } from "../free-port.ts";
import type { GuardianConnection } from "../guardian-client.ts";
import { cleanEnvironment } from "../rig-site.ts";
import type { Report } from "../servers.ts";
import { waitUntil } from "../wait-until.ts";
import { ensureMoto } from "./moto-program.ts";

export interface MotoServer {
  /** http://127.0.0.1:port */
  readonly address: string;
  /** From now on signatures and permissions count, until `requireNothing`. */
  requireAuthentication(): Promise<void>;
  requireNothing(): Promise<void>;
  stop(): Promise<void>;
}

export interface MotoSite {
  /** The server ends with the caller's process, or with the rig. */
  readonly guardian: Pick<GuardianConnection, "runLeased">;
  /** For its log. */
  readonly directory: string;
  readonly report: Report;
}

const START_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
/** As moto has it at its start. */
const ALL_ACTIONS = "inf";

let started = 0;

export async function startMoto({ guardian, directory, report }: MotoSite): Promise<MotoServer> {
  const python = await ensureMoto(report);
  const port = await findFreePort();
  const address = `http://127.0.0.1:${port}`;
  started += 1;
  const log = join(directory, `moto-${process.pid}-${started}.log`);
  const { pid, exited } = await guardian.runLeased({
    name: `moto-${process.pid}-${started}`,
    command: python,
    args: ["-m", "moto.server", "--host", "127.0.0.1", "--port", String(port)],
    env: { ...cleanEnvironment(directory), PYTHONDONTWRITEBYTECODE: "1" },
    ...{ workingDirectory: directory, stdoutPath: log, stderrPath: log },
  });
  await waitUntil("moto answers", () => answers(address), { timeoutMs: START_TIMEOUT_MS });
  const resetAuthentication = async (actions: string): Promise<void> => {
    await fetch(`${address}/moto-api/reset-auth`, { method: "POST", body: actions });
  };
  return {
    address,
    requireAuthentication: () => resetAuthentication("0"),
    requireNothing: () => resetAuthentication(ALL_ACTIONS),
    stop: async () => {
      process.kill(pid);
      await exited;
    },
  };
}

async function answers(address: string): Promise<true | undefined> {
  try {
    const reply = await fetch(`${address}/moto-api/`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return reply.ok ? true : undefined;
  } catch {
    return undefined; // Not listening yet.
  }
}
