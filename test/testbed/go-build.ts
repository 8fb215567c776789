// Runs one `go build` and says how far it is: Go itself stays silent for minutes.
// Output of the compiler is kept and shown only if the build fails.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { createInterface } from "node:readline";

export interface GoBuild {
  readonly sourceFolder: string;
  readonly goPackage: string;
  readonly linkerFlags: string;
  readonly outputPath: string;
  readonly report: (line: string) => void;
}

const PROGRESS_INTERVAL_MS = 5000;
const KEPT_LINES = 40;

/** Throws with the last lines of Go's output where the build fails. */
export async function buildWithGo(build: GoBuild): Promise<void> {
  const startedMs = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - startedMs) / 1000)} s`;
  const program = basename(build.outputPath);
  const counts = { downloaded: 0, compiled: 0 };
  const lines: string[] = [];
  const timer = setInterval(() => {
    build.report(
      `  ${program}: ${counts.downloaded} modules downloaded, ${counts.compiled} packages compiled, ${elapsed()}`,
    );
  }, PROGRESS_INTERVAL_MS);
  try {
    const go = spawn("go", goArgs(build), {
      cwd: build.sourceFolder,
      env: goEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    createInterface({ input: go.stderr }).on("line", (line) => {
      lines.push(line);
      counts[line.startsWith("go: downloading ") ? "downloaded" : "compiled"] += 1;
    });
    await once(go, "close");
    if (go.exitCode !== 0) {
      throw new Error(`go build of ${program} failed:\n${lines.slice(-KEPT_LINES).join("\n")}`);
    }
    build.report(`  ${program}: built in ${elapsed()}`);
  } finally {
    clearInterval(timer);
  }
}

function goArgs(build: GoBuild): readonly string[] {
  const flags = ["-v", "-trimpath", "-buildvcs=false", "-mod=readonly", `-ldflags=${build.linkerFlags}`];
  return ["build", ...flags, "-o", build.outputPath, build.goPackage];
}

/** The user's Go settings hold (proxy, caches), but not a workspace or flags that would change what is built. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "" };
}
