// Starting a server on a port that was free a moment ago. Between the look and the bind somebody else may take it
// (a rig that starts at the same time); then the server ends at once and another port is tried.
import { findFreePort } from "./free-port.ts";
import { readLogTail, type RigSite } from "./rig-site.ts";

const MAX_ATTEMPTS = 5;

/** Runs `start` with a free port until the server holds it. Passes on any failure that is not a taken port. */
export async function startOnFreePort<T>(site: RigSite, name: string, start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await findFreePort());
    } catch (cause) {
      if (attempt === MAX_ATTEMPTS || !(await endedForItsPort(site, name))) {
        throw cause;
      }
    }
  }
}

async function endedForItsPort(site: RigSite, name: string): Promise<boolean> {
  const state = await site.guardian.state(name);
  return state.kind === "ended" && (await readLogTail(site.directory, name)).includes("address already in use");
}
