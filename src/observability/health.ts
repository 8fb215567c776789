// Liveness and readiness as named checks. A check says in our own words why it fails; it does no I/O and costs nothing,
// because probes call it every few seconds.

/** Undefined: all is well. Else the reason, one clause without a full stop. */
type Probe = () => string | undefined;

export interface HealthReport {
  readonly ok: boolean;
  /** One line per check: `[+]name ok` or `[-]name failed: reason`. */
  readonly text: string;
}

export interface Health {
  /** Failing means: restart the process. */
  addLivenessCheck(name: string, probe: Probe): void;
  /** Failing means: not serving yet, or not for now. */
  addReadinessCheck(name: string, probe: Probe): void;
  liveness(): HealthReport;
  /** Not ready while no readiness check is there: the operator is still being put together. */
  readiness(): HealthReport;
}

export function createHealth(): Health {
  const live = new Map<string, Probe>();
  const ready = new Map<string, Probe>();
  return {
    addLivenessCheck: (name, probe) => void live.set(name, probe),
    addReadinessCheck: (name, probe) => void ready.set(name, probe),
    liveness: () => healthReport(live),
    readiness: () => (ready.size > 0 ? healthReport(ready) : { ok: false, text: "[-]start failed: starting\n" }),
  };
}

function healthReport(checks: ReadonlyMap<string, Probe>): HealthReport {
  const outcomes = [...checks].map(([name, probe]) => ({ name, reason: probe() }));
  const lines = outcomes.map(({ name, reason }) =>
    reason === undefined ? `[+]${name} ok` : `[-]${name} failed: ${reason}`,
  );
  return { ok: outcomes.every(({ reason }) => reason === undefined), text: `${lines.join("\n") || "ok"}\n` };
}
