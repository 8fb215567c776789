// Bundles src/main.ts into dist/: one chunk per lazily imported module, so that a process loads only what it uses.
// dist/ is replaced as a whole and needs no node_modules; the same sources give the same bytes.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** esbuild turns `require` of Node's own modules in CommonJS packages into calls of a global that ES modules lack. */
const REQUIRE_SHIM = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/**
 * An `import` reads all that a module exports, and node:http exports classes of undici behind getters: it would be loaded
 * for nobody, and take 6 MB. `require` reads what is asked for.
 */
const requireHttp: Plugin = {
  name: "require node:http",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http$/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "required" } : undefined,
    );
    onLoad({ filter: /./, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** How everything of ours is bundled; nothing is written to disk. */
export const bundleOptions = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  platform: "node",
  format: "esm",
  target: "node24",
  // Names stay as they are, so that stack traces can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  // yaml has an ES module too, but keeps it from Node; `lazyCommonJs` says why we want that one.
  alias: {
    axios: fileURLToPath(import.meta.resolve("./absent-axios.ts")),
    yaml: "./node_modules/yaml/browser/index.js",
  },
  plugins: [requireHttp],
  banner: { js: REQUIRE_SHIM },
  logLevel: "warning",
} as const satisfies BuildOptions;

async function buildBundle(outdir: string): Promise<void> {
  const { outputFiles, metafile } = await build({
    ...bundleOptions,
    entryPoints: { main: "src/main.ts" },
    outdir,
    splitting: true,
    metafile: true,
    chunkNames: "chunks/[name]-[hash]",
    define: { FAIRLEAD_VERSION: JSON.stringify(await packageVersion()) },
  });
  const broken = lazyCommonJs(metafile);
  if (broken.length > 0) throw new Error(`lazily imported CommonJS modules, alias or wrap them: ${broken.join(", ")}`);
  await rm(outdir, { recursive: true, force: true });
  await mkdir(join(outdir, "chunks"), { recursive: true });
  // Without it Node would have to guess that main.js is an ES module.
  await writeFile(join(outdir, "package.json"), '{ "type": "module" }\n');
  for (const { path, contents } of outputFiles) {
    await writeFile(path, contents);
    console.log(`${String(Math.ceil(contents.byteLength / 1024)).padStart(6)} KiB  ${relative(root, path)}`);
  }
}

/** In a bundle `import()` of a CommonJS module yields nothing but `default`, unlike in Node: names would be undefined. */
export function lazyCommonJs({ inputs }: Metafile): string[] {
  return Object.values(inputs)
    .flatMap((input) => input.imports)
    .filter(({ kind, path }) => kind === "dynamic-import" && inputs[path]?.format === "cjs")
    .map(({ path }) => path);
}

async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  if (
    typeof manifest === "object" &&
    manifest !== null &&
    "version" in manifest &&
    typeof manifest.version === "string"
  ) {
    return manifest.version;
  }
  throw new Error("package.json has no version");
}

if (import.meta.main) await buildBundle(join(root, "dist"));
