import { describe, expect, test } from "vitest";
import { MAX_OBSERVED_OBJECTS } from "../../../src/observability/object-gauges.ts";
import { createMetrics } from "../../../src/observability/metrics.ts";
import { series } from "../../../src/observability/series.ts";

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
      expect(isCounter || /_seconds$|_ready$|_depth$|_info$|externalsecrets$/.test(name)).toBe(true);
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
    const text = await metrics.scrape();
    expect(names.filter((name) => !text.includes(`# HELP ${name} `))).toEqual([]);
  });

  test("has no label that could hold a remote path or a value", () => {
    const labels = new Set<string>(Object.values(series).flatMap((entry) => entry.labels));
    expect([...labels].sort()).toEqual(
      ["code", "controller", "kind", "method", "name", "namespace", "operation", "outcome", "provider"].concat([
        "ready",
        "reason",
        "resource",
        "result",
        "version",
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
    expect(await samples(metrics, "workqueue_queue_duration_seconds_count")).toEqual(['{name="stores"} 0']);
    queue.added();
    queue.depth(4);
    queue.started(1500);
    queue.finished(250);
    queue.retried();
    expect(await samples(metrics, "workqueue_adds_total")).toEqual(['{name="stores"} 1']);
    expect(await samples(metrics, "workqueue_depth")).toEqual(['{name="stores"} 4']);
    expect(await samples(metrics, "workqueue_queue_duration_seconds_sum")).toEqual(['{name="stores"} 1.5']);
    expect(await samples(metrics, "workqueue_work_duration_seconds_sum")).toEqual(['{name="stores"} 0.25']);
    expect(await samples(metrics, "workqueue_retries_total")).toEqual(['{name="stores"} 1']);
  });

  test.each([
    { outcome: "awaitChange", result: "success", errors: 0 },
    { outcome: "requeueAfter", result: "requeue_after", errors: 0 },
    { outcome: "retry", result: "requeue", errors: 0 },
    { outcome: "threw", result: "error", errors: 1 },
  ] as const)("a reconcile that ended with $outcome counts as $result", async ({ outcome, result, errors }) => {
    const metrics = createMetrics("1");
    metrics.controller("c").reconciled(outcome);
    const lines = await samples(metrics, "controller_runtime_reconcile_total");
    expect(lines).toHaveLength(4);
    expect(lines.filter((line) => !line.endsWith(" 0"))).toEqual([`{controller="c",result="${result}"} 1`]);
    expect(await samples(metrics, "controller_runtime_reconcile_errors_total")).toEqual([`{controller="c"} ${errors}`]);
  });

  test("counts API requests, answered or not, and restarts of watches", async () => {
    const metrics = createMetrics("1");
    metrics.apiRequest("PATCH", "409");
    metrics.apiRequest("GET", "<error>");
    metrics.watch("externalsecrets").restarted();
    expect(await samples(metrics, "rest_client_requests_total")).toEqual([
      '{code="409",method="PATCH"} 1',
      '{code="<error>",method="GET"} 1',
    ]);
    expect(await samples(metrics, "fairlead_watch_restarts_total")).toEqual(['{resource="externalsecrets"} 1']);
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
