// Entry of `node test/testbed/build-servers.ts`: builds what is missing, with progress on stderr, and prints on
// stdout where the programs are. `make` calls it before tests and demo, so that the long part has its own line.
import { ensureServers } from "./servers.ts";

const binaries = await ensureServers((line) => {
  process.stderr.write(`${line}\n`);
});
process.stdout.write(`${JSON.stringify(binaries, undefined, 2)}\n`);
