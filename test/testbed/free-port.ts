// Ports for the servers of a rig. They are taken from below the range that the kernel gives to outgoing connections
// (32768 upwards on Linux), so that nobody takes the port of a server which a test has stopped for a while.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_ATTEMPTS = 100;

/** A port on 127.0.0.1 that was free a moment ago; whoever binds it must be ready to try again with another one. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isFree(port)) {
      return port;
    }
  }
  throw new Error(`No free port on 127.0.0.1 in ${MAX_ATTEMPTS} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
