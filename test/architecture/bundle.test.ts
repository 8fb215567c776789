import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleOptions, lazyCommonJs } from "../../tools/build.ts";
import { root } from "./source-file.ts";

const BUNDLING_MS = 60_000;

function bundled(contents: string) {
  return build({
    ...bundleOptions,
    stdin: { contents, resolveDir: root },
    outdir: "dist",
    splitting: true,
    metafile: true,
  });
}

describe("the bundle of the operator", () => {
  let metafile: Metafile;
  beforeAll(async () => {
    ({ metafile } = await bundled('import "./src/main.ts";'));
  }, BUNDLING_MS);

  test("holds our stand-in for axios, not axios", () => {
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContain("tools/absent-axios.ts");
    expect(inputs.filter((path) => path.startsWith("node_modules/axios/"))).toEqual([]);
  });

  test("imports no CommonJS module lazily", () => {
    expect(lazyCommonJs(metafile)).toEqual([]);
  });

  test("loads no package before it is needed", () => {
    const eager = closure(metafile, "dist/stdin.js");
    expect(eager.filter((path) => path.startsWith("node_modules/"))).toEqual([]);
  });
});

/** Inputs of the chunk and of all that it imports statically. */
function closure({ outputs }: Metafile, path: string, seen = new Set<string>()): string[] {
  const output = outputs[path];
  if (output === undefined || seen.has(path)) return [];
  seen.add(path);
  const next = output.imports.filter(({ kind }) => kind === "import-statement");
  return [
    ...Object.keys(output.inputs),
    ...next.flatMap((imported) => closure({ inputs: {}, outputs }, imported.path, seen)),
  ];
}

test("lazyCommonJs names the module that would be lost", { timeout: BUNDLING_MS }, async () => {
  const { metafile } = await bundled('export const load = async () => (await import("node-vault")).default;');
  expect(lazyCommonJs(metafile)).toEqual(["node_modules/node-vault/src/index.js"]);
});

interface Client {
  read(path: string): Promise<unknown>;
}

describe("node-vault in a bundle", () => {
  let folder = "";
  let createClient: (config: object) => Client;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fairlead-bundle-"));
    const { outputFiles } = await build({
      ...bundleOptions,
      stdin: { contents: 'export { default } from "node-vault";', resolveDir: root },
    });
    await writeFile(join(folder, "bundle.mjs"), outputFiles[0]?.contents ?? "");
    const loaded = (await import(pathToFileURL(join(folder, "bundle.mjs")).href)) as { default: typeof createClient };
    createClient = loaded.default;
  }, BUNDLING_MS);
  afterAll(() => rm(folder, { recursive: true }));

  const connection = { endpoint: "https://127.0.0.1:1", token: "t", debug: () => undefined };

  test("sends its requests through what is injected, and never reaches axios", async () => {
    const answer = { statusCode: 200, body: { data: 1 }, request: { path: "x" } };
    const client = createClient({
      ...connection,
      "request-promise": { defaults: () => () => Promise.resolve(answer) },
    });
    await expect(client.read("kv/data/a")).resolves.toEqual({ data: 1 });
  });

  test("without an injection fails loudly instead of sending anything", () => {
    expect(() => createClient(connection)).toThrow("axios must not be called");
  });
});
