// The SDKs of Azure as they are shipped: bundled with everything of ours, they still log in and read through what they
// are given, and say nothing on stderr even where the environment asks them to.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleOptions } from "../../../../tools/build.ts";

const LIMIT_MS = 60_000;
/** Of one package whose logger nobody exports; it names no fact of ours. */
const OF_CORE_CLIENT =
  "azure:core-client:warning The baseUri option for SDK Clients has been deprecated, please use endpoint instead.\n";
const script = `
import { AzureRig, refTo, valueOf } from "./test/support/azure-rig.ts";
const rig = await AzureRig.start();
rig.putSecret("app", "canary-value");
const provider = rig.provider();
console.log(await valueOf(provider, refTo("app")), rig.limited, rig.loginCount);
rig.objects.set("azure/client-secret", "wrong-word");
console.log(await valueOf(rig.provider(), refTo("app")));
await rig.close();
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-azure-"));
  const { outputFiles } = await build({
    ...bundleOptions,
    // The certificates of tests are read from beside their module.
    define: { "import.meta.url": JSON.stringify(new URL("../../../support/tls.ts", import.meta.url).href) },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(process.argv[1]);' },
    stdin: { contents: script, resolveDir: bundleOptions.absWorkingDir, loader: "ts" },
  });
  await writeFile(join(folder, "bundle.mjs"), outputFiles[0]?.contents ?? "");
}, LIMIT_MS);
afterAll(() => rm(folder, { recursive: true }));

test("a bundle logs in and reads, and logs nothing of its own", { timeout: LIMIT_MS }, async () => {
  const env = { ...process.env, AZURE_LOG_LEVEL: "verbose", DEBUG: "azure:*", NODE_NO_WARNINGS: "1" };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, "bundle.mjs")], { env });
  expect([stdout, stderr.replaceAll(OF_CORE_CLIENT, "")]).toEqual(["canary-value 3 1\nunauthenticated\n", ""]);
});
