// Makes sure that the testbed's servers exist: takes those of KUBEBUILDER_ASSETS, those of the cache, and builds the rest.
// Programs appear in the cache by rename, whole or not at all; a lock keeps two runs from building the same at a time.
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { withBuildLock } from "./build-lock.ts";
import { buildWithGo } from "./go-build.ts";
import {
  moduleCacheFolder,
  moduleSourceFolder,
  type ServerBinaries,
  type ServerModule,
  serverModules,
} from "./server-modules.ts";

export type { ServerBinaries } from "./server-modules.ts";

/** Receives one line for people, without a line break. */
export type Report = (line: string) => void;

/** Programs that envtest's archives hold; only all three together are taken, because versions must fit. */
const ENVTEST_PROGRAMS = ["etcd", "kube-apiserver", "kubectl"];

const SCRATCH_PREFIX = ".build-";

/** Returns the paths of all programs; builds what is missing and reports progress every few seconds. */
export async function ensureServers(report: Report): Promise<ServerBinaries> {
  const paths = new Map<string, string>(await prebuiltPrograms());
  for (const module of serverModules) {
    const wanted = Object.keys(module.packages).filter((program) => !paths.has(program));
    const folder = wanted.length === 0 ? "" : await ensureModule(module, wanted, report);
    for (const program of wanted) {
      paths.set(program, join(folder, program));
    }
  }
  const pathOf = (program: string): string => {
    const path = paths.get(program);
    if (path === undefined) {
      throw new Error(`No module makes ${program}`);
    }
    return path;
  };
  return {
    etcd: pathOf("etcd"),
    kubeApiserver: pathOf("kube-apiserver"),
    kubeControllerManager: pathOf("kube-controller-manager"),
    kubectl: pathOf("kubectl"),
    vault: pathOf("vault"),
    kstatus: pathOf("kstatus"),
  };
}

async function prebuiltPrograms(): Promise<readonly (readonly [string, string])[]> {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets === undefined || assets === "") {
    return [];
  }
  const missing = await missingPrograms(assets, ENVTEST_PROGRAMS);
  return missing.length > 0 ? [] : ENVTEST_PROGRAMS.map((program) => [program, join(assets, program)]);
}

async function missingPrograms(folder: string, programs: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(programs.map((program) => isExecutable(join(folder, program))));
  return programs.filter((_, index) => found[index] !== true);
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false, // Absent or not ours to run: either way it must be built.
  );
}

async function ensureModule(module: ServerModule, programs: readonly string[], report: Report): Promise<string> {
  const folder = await moduleCacheFolder(module);
  if ((await missingPrograms(folder, programs)).length === 0) {
    return folder;
  }
  await mkdir(folder, { recursive: true });
  await withBuildLock(join(folder, ".lock"), report, async () => {
    const missing = await missingPrograms(folder, programs); // Another run may have built them while we waited.
    if (missing.length > 0) {
      await buildInto(folder, module, missing, report);
    }
  });
  return folder;
}

/** What a build that was killed has left; we hold the lock, so nobody is at work there. */
async function removeAbandonedScratch(folder: string): Promise<void> {
  const abandoned = (await readdir(folder)).filter((entry) => entry.startsWith(SCRATCH_PREFIX));
  await Promise.all(abandoned.map((entry) => rm(join(folder, entry), { recursive: true, force: true })));
}

async function buildInto(
  folder: string,
  module: ServerModule,
  programs: readonly string[],
  report: Report,
): Promise<void> {
  report(`Building ${programs.join(", ")} from Go modules: ${module.coldBuild} with an empty Go cache, once`);
  await removeAbandonedScratch(folder);
  const scratch = await mkdtemp(join(folder, SCRATCH_PREFIX));
  try {
    for (const program of programs) {
      await buildWithGo({
        sourceFolder: moduleSourceFolder(module),
        goPackage: module.packages[program] ?? ".",
        linkerFlags: module.linkerFlags,
        outputPath: join(scratch, program),
        report,
      });
      await rename(join(scratch, program), join(folder, program));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
