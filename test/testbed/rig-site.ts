// What every server of a rig is started with: the directory, the guardian, the binaries and the authority.
// Also the one way to start a server, so that all have the same clean environment and their log in a known place.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateAuthority } from "./certificates.ts";
import type { GuardianConnection } from "./guardian-client.ts";
import type { ServerBinaries } from "./servers.ts";

export interface RigSite {
  readonly directory: string;
  readonly guardian: GuardianConnection;
  readonly binaries: ServerBinaries;
  readonly authority: CertificateAuthority;
}

export interface ServerCommand {
  /** Name of the process and of its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Enough of a log to see why a server ended. */
const LOG_TAIL_CHARS = 4000;

/** The part of the environment that programs need; proxies, tokens and cloud variables of the user stay out. */
export function cleanEnvironment(directory: string): Readonly<Record<string, string>> {
  return { PATH: process.env["PATH"] ?? "", HOME: directory, TMPDIR: directory };
}

export async function startServer(site: RigSite, server: ServerCommand): Promise<number> {
  const logPath = join(site.directory, `${server.name}.log`);
  return site.guardian.start({
    name: server.name,
    command: server.command,
    args: server.args,
    env: { ...cleanEnvironment(site.directory), ...server.env },
    workingDirectory: site.directory,
    stdoutPath: logPath,
    stderrPath: logPath,
  });
}

/** Throws with the end of the server's log where it has ended. */
export async function assertServerRuns(site: Pick<RigSite, "guardian" | "directory">, name: string): Promise<void> {
  const state = await site.guardian.state(name);
  if (state.kind === "ended") {
    const end = state.exit.signal ?? `exit code ${state.exit.code ?? "unknown"}`;
    throw new Error(`${name} ended with ${end}:\n${await readLogTail(site.directory, name)}`);
  }
}

export async function readLogTail(directory: string, name: string): Promise<string> {
  const text = await readFile(join(directory, `${name}.log`), "utf8");
  return text.slice(-LOG_TAIL_CHARS);
}
