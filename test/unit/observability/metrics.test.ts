import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MAX_OBSERVED_OBJECTS } from "../../../src/observability/object-gauges.ts";
import { createMetrics } from "../../../src/observability/metrics.ts";
import { series } from "../../../src/observability/series.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../../..", path), "utf8");
const docs = read("docs/metrics.md");
const alerts = read("config/components/monitoring/prometheus-rule.yaml");

/** Lines of one series, sorted: `{labels} value`. */
async function samples(metrics: { scrape(): Promise<string> }, name: string): Promise<string[]> {
  const lines = (await metrics.scrape()).split("\n");
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(name.length).trim())
    .sort();
}

describe("the table of series", () => {
  test.each(Object.values(series).map((entry) => [entry.name, entry] as const))(
    "%s has help and a unit",
    (name, entry) => {
      expect(entry.help).toMatch(/^[A-Z1].*\.$/);
      const isCounter = entry.help.length > 0 && name.endsWith("_total");
      const isGauge = /_ready$|_depth$|_info$|_status$|_workers$|_reconciles$|_shedding$|externalsecrets$/.test(name);
      expect(isCounter || isGauge || name.endsWith("_seconds")).toBe(true);
    },
  );

  test("names each series once, and all are scraped", async () => {
    const names = Object.values(series).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const metrics = createMetrics("1.2.3");
    metrics.queue("q");
    metrics.controller("c");
    metrics.watch("w");
    metrics.provider("p");
    metrics.leader("l");
    metrics.apiRequests("h");
    const text = await metrics.scrape();
    expect(names.filter((name) => !text.includes(`# HELP ${name} `))).toEqual([]);
  });

  test.each(Object.values(series).map(({ name, labels }) => [name, labels] as const))(
    "docs/metrics.md says what %s means, and its labels",
    (name, labels) => {
      expect(docs).toContain(`| \`${name}\` | ${labels.join(", ")}${labels.length === 0 ? "" : " "}| `);
    },
  );

  test.each(alerts.match(/\b(fairlead|controller_runtime|workqueue|leader_election)_[a-z_]+/g) ?? [])(
    "the alerts' series %s is there",
    (name) => {
      expect(Object.values(series).map((entry): string => entry.name)).toContain(name);
    },
  );

  test("has no label that could hold a remote path or a value", () => {
    const labels = new Set<string>(Object.values(series).flatMap((entry) => entry.labels));
    expect([...labels].sort()).toEqual(
      ["code", "controller", "host", "kind", "method", "name", "namespace", "operation", "outcome"].concat([
        ...["provider", "ready", "reason", "resource", "result", "verb", "version"],
      ]),
    );
  });
});

describe("createMetrics", () => {
  test("shows the build and the process, event loop lag included", async () => {
    const metrics = createMetrics("1.2.3");
    expect(await samples(metrics, "fairlead_build_info")).toEqual(['{version="1.2.3"} 1']);
    expect(await samples(metrics, "nodejs_eventloop_lag_p99_seconds")).toHaveLength(1);
    expect(await samples(metrics, "process_resident_memory_bytes")).toHaveLength(1);
  });

  test("two of them share nothing", async () => {
    const [one, other] = [createMetrics("1"), createMetrics("2")];
    one.eventDropped();
    expect(await samples(one, "fairlead_events_dropped_total")).toEqual(["1"]);
    expect(await samples(other, "fairlead_events_dropped_total")).toEqual(["0"]);
  });

  test("counts syncs by the reason, which says the result; all reasons start at zero", async () => {
    const metrics = createMetrics("1");
    metrics.synced("AccessDenied");
    const lines = await samples(metrics, "fairlead_externalsecret_sync_total");
    expect(lines).toContain('{result="failure",reason="AccessDenied"} 1');
    expect(lines).toContain('{result="success",reason="SecretSynced"} 0');
    expect(lines).toContain('{result="suspended",reason="Suspended"} 0');
  });

  test("a provider's series start at zero and count calls and answers apart", async () => {
    const metrics = createMetrics("1");
    const provider = metrics.provider("fake");
    expect(await samples(metrics, "fairlead_provider_request_duration_seconds_count")).toHaveLength(4);
    provider.observeCall("readSecrets", 0.02);
    provider.countOutcome("readSecrets", "ok");
    provider.countOutcome("readSecrets", "accessDenied");
    provider.loggedIn("unauthenticated");
    expect(await samples(metrics, "fairlead_provider_request_duration_seconds_count")).toContain(
      '{provider="fake",operation="readSecrets"} 1',
    );
    const answers = await samples(metrics, "fairlead_provider_requests_total");
    expect(answers.filter((line) => !line.endsWith(" 0"))).toEqual([
      '{provider="fake",operation="readSecrets",outcome="accessDenied"} 1',
      '{provider="fake",operation="readSecrets",outcome="ok"} 1',
    ]);
    expect(await samples(metrics, "fairlead_provider_logins_total")).toContain(
      '{provider="fake",outcome="unauthenticated"} 1',
    );
  });

  test("a provider's handle may be asked for again: its series go on", async () => {
    const metrics = createMetrics("1");
    metrics.provider("fake").observeCall("validate", 0.02);
    metrics.provider("fake").observeCall("validate", 0.02);
    expect(await samples(metrics, "fairlead_provider_request_duration_seconds_count")).toContain(
      '{provider="fake",operation="validate"} 2',
    );
  });

  test("a queue's series start at zero; milliseconds become seconds", async () => {
    const metrics = createMetrics("1");
    const queue = metrics.queue("stores");
    const value = async (name: string): Promise<readonly string[]> =>
      (await samples(metrics, name)).map((line) => line.replace('{name="stores",controller="stores"} ', ""));
    expect(await value("workqueue_queue_duration_seconds_count")).toEqual(["0"]);
    expect(await value("workqueue_depth")).toEqual(["0"]);
    queue.added();
    queue.started(1500);
    queue.finished(250);
    queue.retried();
    expect(await value("workqueue_adds_total")).toEqual(["1"]);
    expect(await value("workqueue_queue_duration_seconds_sum")).toEqual(["1.5"]);
    expect(await value("workqueue_work_duration_seconds_sum")).toEqual(["0.25"]);
    expect(await value("workqueue_retries_total")).toEqual(["1"]);
  });

  test("what a queue and its workers have in hand is read at each scrape", async () => {
    const metrics = createMetrics("1");
    let load = { waiting: 4, unfinishedMs: 1500, longestMs: 1000 };
    let active = 2;
    metrics.queue("q").observe(() => load);
    metrics.controller("c").observeWorkers(8, () => active);
    const read = async (): Promise<readonly (readonly string[])[]> => [
      await samples(metrics, "workqueue_depth"),
      await samples(metrics, "workqueue_unfinished_work_seconds"),
      await samples(metrics, "workqueue_longest_running_processor_seconds"),
      await samples(metrics, "controller_runtime_active_workers"),
    ];
    const labels = '{name="q",controller="q"}';
    expect(await read()).toEqual([[`${labels} 4`], [`${labels} 1.5`], [`${labels} 1`], ['{controller="c"} 2']]);
    load = { waiting: 0, unfinishedMs: 0, longestMs: 0 };
    active = 0;
    expect(await read()).toEqual([[`${labels} 0`], [`${labels} 0`], [`${labels} 0`], ['{controller="c"} 0']]);
    expect(await samples(metrics, "controller_runtime_max_concurrent_reconciles")).toEqual(['{controller="c"} 8']);
  });

  test.each([
    { outcome: "awaitChange", result: "success", errors: 0 },
    { outcome: "requeueAfter", result: "requeue_after", errors: 0 },
    { outcome: "retry", result: "requeue", errors: 0 },
    { outcome: "threw", result: "error", errors: 1 },
  ] as const)("a reconcile that ended with $outcome counts as $result", async ({ outcome, result, errors }) => {
    const metrics = createMetrics("1");
    metrics.controller("c").reconciled(outcome, 250);
    const lines = await samples(metrics, "controller_runtime_reconcile_total");
    expect(lines).toHaveLength(4);
    expect(lines.filter((line) => !line.endsWith(" 0"))).toEqual([`{controller="c",result="${result}"} 1`]);
    for (const counter of ["errors", "panics"])
      expect(await samples(metrics, `controller_runtime_reconcile_${counter}_total`)).toEqual([
        `{controller="c"} ${errors}`,
      ]);
    expect(await samples(metrics, "controller_runtime_reconcile_time_seconds_sum")).toEqual(['{controller="c"} 0.25']);
  });

  test.each([
    { name: "controller_runtime_reconcile_timeouts_total", event: "timedOut" },
    { name: "controller_runtime_reconcile_panics_total", event: "rejected" },
    { name: "fairlead_reconciles_abandoned_total", event: "abandoned" },
    { name: "fairlead_reconciles_deferred_total", event: "deferred" },
  ] as const)("$name counts from zero", async ({ name, event }) => {
    const metrics = createMetrics("1");
    const controller = metrics.controller("c");
    expect(await samples(metrics, name)).toEqual(['{controller="c"} 0']);
    controller[event]();
    expect(await samples(metrics, name)).toEqual(['{controller="c"} 1']);
  });

  test("counts and times API requests, answered or not", async () => {
    const metrics = createMetrics("1");
    const count = metrics.apiRequests("10.0.0.1:443");
    count("PATCH", "409", 20);
    count("GET", "<error>", 30_000);
    expect(await samples(metrics, "rest_client_requests_total")).toEqual([
      '{code="409",method="PATCH",host="10.0.0.1:443"} 1',
      '{code="<error>",method="GET",host="10.0.0.1:443"} 1',
    ]);
    expect(await samples(metrics, "rest_client_request_duration_seconds_sum")).toEqual([
      '{verb="GET",host="10.0.0.1:443"} 30',
      '{verb="PATCH",host="10.0.0.1:443"} 0.02',
    ]);
  });

  test("counts restarts of watches, and reads at each scrape how long each is silent", async () => {
    const metrics = createMetrics("1");
    metrics.watch("externalsecrets").restarted();
    metrics.observeWatches(() => [{ resource: "externalsecrets", ageMs: 4_500 }]);
    expect(await samples(metrics, "fairlead_watch_restarts_total")).toEqual(['{resource="externalsecrets"} 1']);
    expect(await samples(metrics, "fairlead_watch_last_activity_seconds")).toEqual([
      '{resource="externalsecrets"} 4.5',
    ]);
  });

  test("says whether it leads, and whether it sheds load", async () => {
    const metrics = createMetrics("1");
    const leader = metrics.leader("fairlead");
    expect(await samples(metrics, "leader_election_master_status")).toEqual(['{name="fairlead"} 0']);
    leader.set(true);
    expect(await samples(metrics, "leader_election_master_status")).toEqual(['{name="fairlead"} 1']);
    leader.set(false);
    expect(await samples(metrics, "leader_election_master_status")).toEqual(['{name="fairlead"} 0']);
    metrics.heapShedding(true);
    expect(await samples(metrics, "fairlead_heap_shedding")).toEqual(["1"]);
  });
});

describe("gauges by object", () => {
  const object = (name: string, ready: boolean, lastSuccessMs?: number) => ({
    namespace: "a",
    name,
    ready,
    lastSuccessMs,
  });

  test("show readiness and last success as the cache has them now", async () => {
    const metrics = createMetrics("1");
    let cache = [object("x", true, 90_500), object("y", false)];
    metrics.observeExternalSecrets(() => cache);
    expect(await samples(metrics, "fairlead_externalsecret_ready")).toEqual([
      '{namespace="a",name="x"} 1',
      '{namespace="a",name="y"} 0',
    ]);
    expect(await samples(metrics, "fairlead_externalsecret_last_success_timestamp_seconds")).toEqual([
      '{namespace="a",name="x"} 90.5',
    ]);
    cache = [object("y", true)];
    expect(await samples(metrics, "fairlead_externalsecret_ready")).toEqual(['{namespace="a",name="y"} 1']);
    expect(await samples(metrics, "fairlead_externalsecret_last_success_timestamp_seconds")).toEqual([]);
    expect(await samples(metrics, "fairlead_externalsecrets")).toEqual(['{ready="false"} 0', '{ready="true"} 1']);
  });

  test("are bounded, with what is not ready first, while the counts are of all", async () => {
    const metrics = createMetrics("1");
    const ready = Array.from({ length: MAX_OBSERVED_OBJECTS }, (_, index) => object(`ready-${index}`, true));
    metrics.observeExternalSecrets(() => [...ready, object("broken", false)]);
    const lines = await samples(metrics, "fairlead_externalsecret_ready");
    expect(lines).toHaveLength(MAX_OBSERVED_OBJECTS);
    expect(lines).toContain('{namespace="a",name="broken"} 0');
    expect(await samples(metrics, "fairlead_externalsecrets")).toEqual([
      '{ready="false"} 1',
      `{ready="true"} ${MAX_OBSERVED_OBJECTS}`,
    ]);
  });

  test("show stores of both kinds", async () => {
    const metrics = createMetrics("1");
    metrics.observeStores(() => [
      { kind: "SecretStore", namespace: "a", name: "s", ready: true },
      { kind: "ClusterSecretStore", namespace: "", name: "s", ready: false },
    ]);
    expect(await samples(metrics, "fairlead_secretstore_ready")).toEqual([
      '{kind="ClusterSecretStore",namespace="",name="s"} 0',
      '{kind="SecretStore",namespace="a",name="s"} 1',
    ]);
  });
});
