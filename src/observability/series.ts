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
  queueDepth: { name: "workqueue_depth", help: "Keys that wait for a worker now.", labels: ["name"] },
  queueAdds: { name: "workqueue_adds_total", help: "Keys added to the queue.", labels: ["name"] },
  queueDuration: {
    name: "workqueue_queue_duration_seconds",
    help: "Time a key waited in the queue before a worker took it.",
    labels: ["name"],
    buckets: WAIT_SECONDS,
  },
  queueWorkDuration: {
    name: "workqueue_work_duration_seconds",
    help: "Time a worker spent on a key.",
    labels: ["name"],
    buckets: CALL_SECONDS,
  },
  queueRetries: { name: "workqueue_retries_total", help: "Keys added again with backoff.", labels: ["name"] },
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
  apiRequests: {
    name: "rest_client_requests_total",
    help: "Requests to the Kubernetes API by HTTP status (<error>: no answer) and method.",
    labels: ["code", "method"],
  },
  watchRestarts: {
    name: "fairlead_watch_restarts_total",
    help: "Watches started again after an end of any kind, by resource.",
    labels: ["resource"],
  },
  eventsDropped: {
    name: "fairlead_events_dropped_total",
    help: "Kubernetes Events that were not recorded: refused, or over the budget.",
    labels: [],
  },
  buildInfo: { name: "fairlead_build_info", help: "Always 1; the version is the label.", labels: ["version"] },
} as const satisfies Record<string, Series>;
