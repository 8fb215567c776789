// What is built from which Go module: the table behind servers.ts, and the name of each cached build.
// The modules lie under servers/, one each, because their requirements clash.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Paths of the programs that a rig runs. */
export interface ServerBinaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
  readonly vault: string;
  readonly kstatus: string;
}

export interface ServerModule {
  /** Folder under servers/, and first part of the cache's folder name. */
  readonly name: string;
  /** File name of each program, and the Go package that makes it. */
  readonly packages: Readonly<Record<string, string>>;
  readonly linkerFlags: string;
  /** Shown before the first build, so that nobody takes it for a hang. */
  readonly coldBuild: string;
}

const KUBERNETES_VERSION = { git: "v1.36.3", major: "1", minor: "36" } as const;
const VERSION_PACKAGE = "k8s.io/component-base/version";
const STRIPPED = "-s -w";

/** In the order in which they are built. */
export const serverModules: readonly ServerModule[] = [
  {
    name: "kubernetes",
    packages: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
    },
    linkerFlags: [
      STRIPPED,
      `-X ${VERSION_PACKAGE}.gitVersion=${KUBERNETES_VERSION.git}`,
      `-X ${VERSION_PACKAGE}.gitMajor=${KUBERNETES_VERSION.major}`,
      `-X ${VERSION_PACKAGE}.gitMinor=${KUBERNETES_VERSION.minor}`,
    ].join(" "),
    coldBuild: "5 to 9 minutes on two cores",
  },
  { name: "etcd", packages: { etcd: "." }, linkerFlags: STRIPPED, coldBuild: "a minute on two cores" },
  { name: "vault", packages: { vault: "." }, linkerFlags: STRIPPED, coldBuild: "6 to 9 minutes on two cores" },
  { name: "kstatus", packages: { kstatus: "." }, linkerFlags: STRIPPED, coldBuild: "some seconds" },
];

export function moduleSourceFolder(module: ServerModule): string {
  return join(import.meta.dirname, "servers", module.name);
}

/** The cache's folder of this very build: another go.mod, go.sum, source, flag or Go version makes another folder. */
export async function moduleCacheFolder(module: ServerModule): Promise<string> {
  const folder = moduleSourceFolder(module);
  const hash = createHash("sha256")
    .update(await readGoVersion())
    .update(module.linkerFlags);
  const sources = (await readdir(folder)).filter((file) => /\.(go|mod|sum)$/.test(file)).sort();
  for (const file of sources) {
    hash.update(file).update(await readFile(join(folder, file)));
  }
  return join(cacheRoot(), "servers", `${module.name}-${hash.digest("hex").slice(0, 16)}`);
}

/** Where everything is kept that is built once for a machine. */
export function cacheRoot(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["FAIRLEAD_CACHE"] ?? join(base, "fairlead");
}

async function readGoVersion(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("go", ["env", "GOVERSION", "GOOS", "GOARCH"]);
    return stdout;
  } catch (cause) {
    throw new Error("The testbed builds its servers with Go: install Go 1.26 or later and put it on PATH", { cause });
  }
}
