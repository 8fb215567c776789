// The one table of metric series: name with unit, help, labels. Label values come from closed sets, except object names
// on the readiness gauges, which are bounded and go with their object. Remote keys and values are never labels.
// Names of the work queue, controller and REST client follow client-go and controller-runtime, so that dashboards fit.

interface Series {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Histograms only: upper bounds in the unit of the name. */
  readonly buckets?: readonly number[];
}

/** From a local round trip to the longest deadline of a reconcile. */
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60] as const;
/** Waiting is fine at milliseconds and a fault at minutes. */
const WAIT_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300] as const;

/** controller-runtime gives both, with the same value. */
const QUEUE_LABELS = ["name", "controller"] as const;

export const series = {
  syncs: {
    name: "fairlead_externalsecret_sync_total",
    help: "Syncs of ExternalSecrets by result (success, failure, suspended) and reason of the Ready condition.",
    labels: ["result", "reason"],
  },
  externalSecrets: {
    name: "fairlead_externalsecrets",
    help: "ExternalSecrets by whether Ready is True. Counts all of them, also those beyond the bound of the series by name.",
    labels: ["ready"],
  },
  externalSecretReady: {
    name: "fairlead_externalsecret_ready",
    help: "1 if the ExternalSecret's Ready condition is True, else 0. Bounded: objects that are not ready come first.",
    labels: ["namespace", "name"],
  },
  externalSecretLastSuccess: {
    name: "fairlead_externalsecret_last_success_timestamp_seconds",
    help: "Unix time of the last check of the ExternalSecret that succeeded; its age is time() minus this.",
    labels: ["namespace", "name"],
  },
  storeReady: {
    name: "fairlead_secretstore_ready",
    help: "1 if the store's Ready condition is True, else 0.",
    labels: ["kind", "namespace", "name"],
  },
  providerRequests: {
    name: "fairlead_provider_requests_total",
    help: "Answers of a provider by operation and outcome: ok, or the kind of error. A read has one answer per remote key.",
    labels: ["provider", "operation", "outcome"],
  },
  providerRequestDuration: {
    name: "fairlead_provider_request_duration_seconds",
    help: "Duration of calls to a provider, failed ones included. One call may read many remote keys.",
    labels: ["provider", "operation"],
    buckets: CALL_SECONDS,
  },
  providerLogins: {
    name: "fairlead_provider_logins_total",
    help: "Logins to a provider by outcome, as in fairlead_provider_requests_total.",
    labels: ["provider", "outcome"],
  },
  queueDepth: { name: "workqueue_depth", help: "Keys that wait for a worker now.", labels: QUEUE_LABELS },
  queueAdds: { name: "workqueue_adds_total", help: "Keys added to the queue.", labels: QUEUE_LABELS },
  queueDuration: {
    name: "workqueue_queue_duration_seconds",
    help: "Time a key waited in the queue before a worker took it.",
    labels: QUEUE_LABELS,
    buckets: WAIT_SECONDS,
  },
  queueWorkDuration: {
    name: "workqueue_work_duration_seconds",
    help: "Time a worker spent on a key.",
    labels: QUEUE_LABELS,
    buckets: CALL_SECONDS,
  },
  queueUnfinished: {
    name: "workqueue_unfinished_work_seconds",
    help: "Time spent so far on the keys in work, all together.",
    labels: QUEUE_LABELS,
  },
  queueLongest: {
    name: "workqueue_longest_running_processor_seconds",
    help: "Time spent so far on the key that is longest in work.",
    labels: QUEUE_LABELS,
  },
  queueRetries: { name: "workqueue_retries_total", help: "Keys added again with backoff.", labels: QUEUE_LABELS },
  reconciles: {
    name: "controller_runtime_reconcile_total",
    help: "Reconciles by controller and result.",
    labels: ["controller", "result"],
  },
  reconcileErrors: {
    name: "controller_runtime_reconcile_errors_total",
    help: "Reconciles that ended with an error, by controller.",
    labels: ["controller"],
  },
  reconcilePanics: {
    name: "controller_runtime_reconcile_panics_total",
    help: "Reconciles that threw unexpectedly, or left a rejected promise to nobody, by controller.",
    labels: ["controller"],
  },
  reconcileTimeouts: {
    name: "controller_runtime_reconcile_timeouts_total",
    help: "Reconciles that were told to end because their time was over, by controller.",
    labels: ["controller"],
  },
  reconcilesAbandoned: {
    name: "fairlead_reconciles_abandoned_total",
    help: "Reconciles that did not end when told so: their worker went on without them. Each holds its key until it ends.",
    labels: ["controller"],
  },
  reconcilesDeferred: {
    name: "fairlead_reconciles_deferred_total",
    help: "Keys put aside until the cache shows what their last reconcile wrote, by controller.",
    labels: ["controller"],
  },
  reconcileDuration: {
    name: "controller_runtime_reconcile_time_seconds",
    help: "Duration of reconciles by controller.",
    labels: ["controller"],
    buckets: CALL_SECONDS,
  },
  reconcileMaxConcurrent: {
    name: "controller_runtime_max_concurrent_reconciles",
    help: "Workers of the controller.",
    labels: ["controller"],
  },
  reconcileActiveWorkers: {
    name: "controller_runtime_active_workers",
    help: "Workers of the controller that are busy now.",
    labels: ["controller"],
  },
  leaderStatus: {
    name: "leader_election_master_status",
    help: "1 if this replica holds the Lease of that name, else 0.",
    labels: ["name"],
  },
  apiRequests: {
    name: "rest_client_requests_total",
    help: "Requests to the Kubernetes API by HTTP status (<error>: no answer), method and host.",
    labels: ["code", "method", "host"],
  },
  apiRequestDuration: {
    name: "rest_client_request_duration_seconds",
    help: "Duration of requests to the Kubernetes API; of a watch until the head of its answer.",
    labels: ["verb", "host"],
    buckets: CALL_SECONDS,
  },
  watchRestarts: {
    name: "fairlead_watch_restarts_total",
    help: "Watches started again after an end of any kind, by resource.",
    labels: ["resource"],
  },
  watchLastActivity: {
    name: "fairlead_watch_last_activity_seconds",
    help: "Time since the server of the watch last showed life (an event, a bookmark, an answered ping), by resource.",
    labels: ["resource"],
  },
  heapShedding: {
    name: "fairlead_heap_shedding",
    help: "1 while work is held back because the heap is near its limit, else 0.",
    labels: [],
  },
  eventsDropped: {
    name: "fairlead_events_dropped_total",
    help: "Kubernetes Events that were not recorded: refused, or over the budget.",
    labels: [],
  },
  buildInfo: { name: "fairlead_build_info", help: "Always 1; the version is the label.", labels: ["version"] },
} as const satisfies Record<string, Series>;
