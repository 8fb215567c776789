// What a scenario stands on: the real servers, a fault proxy before each of them, operators that run behind the proxies,
// a workload of ExternalSecrets whose every wanted value is known, and the independent watcher that records what happens.
// Scenarios check with `must` or node:assert, not with vitest's expect: they also run outside of vitest.

import type { Team } from "../integration/support/team.ts";
import type { RunningOperator } from "../testbed/operator.ts";
import type { Rig } from "../testbed/rig.ts";
import type { ServiceAccountKubeconfig } from "../testbed/service-account.ts";
import type { Expectations } from "./oracle/expectations.ts";
import type { Recorder } from "./oracle/recorder.ts";
import type { FaultProxy } from "./proxy/proxy-port.ts";

export interface WorldOptions {
  /** Default fairlead-0. Replicas that run at the same time have different names. */
  readonly replicaName?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A proxy of its own, of `addKubeProxy`. Default: `kube`, which it shares with the others. */
  readonly kube?: FaultProxy;
}

/** An operator behind a proxy, as its ServiceAccount. */
export interface Replica extends RunningOperator {
  readonly name: string;
  /** Its token can be renewed here: renewToken(). */
  readonly kubeconfig: ServiceAccountKubeconfig;
}

export interface FaultWorld {
  /**
   * What is written to KV v2 through `rig.vault` (putSecret, write, delete of metadata) is known to the oracle, here and
   * by `team.rig`. What is written to Kubernetes through `rig.api` or kubectl is, to the oracle, the operator's doing:
   * foreign edits of target Secrets go through `expect.foreigner`.
   */
  readonly rig: Rig;
  /** Between operators and kube-apiserver. */
  readonly kube: FaultProxy;
  /** Between operators and Vault. */
  readonly vault: FaultProxy;
  /** Records every revision of every object of ours, directly from the API server. */
  readonly recorder: Recorder;
  /** What the scenario tells the oracle. */
  readonly expect: Expectations;
  /** Part of every value of a workload and of `team.value()`: must appear in Secrets only. */
  readonly canary: string;
  /** A measured figure, in a sentence, for the report. */
  note(text: string): void;
  /** Of the run's seed. In [0, 1). */
  readonly random: () => number;
  /** 1 in the soak, 0.1 otherwise: for scenarios of minutes. */
  readonly timeScale: number;
  /** Starts an operator behind the proxies; several replicas have different names. Ready when it returns. */
  startOperator(options?: WorldOptions): Promise<Replica>;
  /** The same, not waiting until it is ready. */
  launchOperator(options?: WorldOptions): Promise<Replica>;
  /** A further proxy before kube-apiserver, for one replica alone. */
  addKubeProxy(): Promise<FaultProxy>;
  /** A new namespace with its Vault policy, role and a Ready-able SecretStore `vault` whose server is the proxy. */
  team(): Promise<Team>;
  /** Creates ExternalSecrets with known values; see Workload. */
  workload(options: WorkloadOptions): Promise<Workload>;
  /**
   * Waits until the operators have written nothing for `quietMs` (default 5,000; renewals of the Lease aside). Throws
   * after 30 s more, with what was written.
   */
  quiesce(quietMs?: number): Promise<void>;
}

export interface WorkloadOptions {
  readonly team: Team;
  /** ExternalSecrets; each reads a remote secret of its own with two values. */
  readonly count: number;
  /** Default 10s. */
  readonly refreshInterval?: string;
  /** Merged into each spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Part of the names, so that a team may have several workloads. Default `load`. */
  readonly label?: string;
}

/**
 * ExternalSecrets `LABEL-0…` with keys `username` and `password`, of the properties of that name of a remote secret of
 * their own. Wanted contents are known at any time: values name the remote secret and the version.
 */
export interface Workload {
  readonly team: Team;
  readonly names: readonly string[];
  /** Puts the next version of one remote secret into Vault (all of them where none is named). */
  rotate(name?: string): Promise<void>;
  /**
   * Waits until every Secret holds the newest version, by the spec that is now in force, and every status is Ready for
   * it. Default limit 10 s: invariant I3. After a rotation it counts from when the change must have been noticed, which
   * is a refreshInterval (where that is a minute or less) later. ExternalSecrets that were deleted are left out, and those that may go.
   */
  settled(limitMs?: number): Promise<void>;
  /** Tells the oracle that the Secret of this ExternalSecret may go (the ExternalSecret is being deleted, its policy allows it). */
  mayGo(name: string): void;
}
