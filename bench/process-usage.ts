// CPU and memory of a process as Linux accounts them: proc(5), files stat and status.

import { readFile } from "node:fs/promises";

export interface ProcessUsage {
  /** User and system time since its start. */
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Highest RSS so far. */
  readonly peakMb: number;
}

/** USER_HZ, which Linux fixes at 100 on all architectures that we build for. */
const TICKS_PER_SECOND = 100;
const KB_PER_MB = 1024;

export async function processUsage(pid: number): Promise<ProcessUsage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile(`/proc/${pid}/status`, "utf8"),
  ]);
  // The second field, the program's name in brackets, may hold spaces; the third stands behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    cpuMs: (ticks / TICKS_PER_SECOND) * 1000,
    rssMb: kilobytes(status, "VmRSS") / KB_PER_MB,
    peakMb: kilobytes(status, "VmHWM") / KB_PER_MB,
  };
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
}
