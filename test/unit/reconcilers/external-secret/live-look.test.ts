import { describe, expect, test } from "vitest";
import { failed, ok } from "../../../../src/core/result.ts";
import { errorFromStatus } from "../../../../src/kubernetes/api-error.ts";
import { resources } from "../../../../src/kubernetes/resource-path.ts";
import { noStatusFacts } from "../../../../src/kubernetes/status-body.ts";
import { createLiveLook } from "../../../../src/reconcilers/external-secret/live-look.ts";
import { FakeCluster, refused, unanswered } from "../../../support/fake-cluster.ts";
import { meta } from "../../../support/builders/records.ts";

const signal = AbortSignal.any([]);
const proxied404 = failed(errorFromStatus(404, noStatusFacts, { write: false }));

function looking(answer: ReturnType<typeof refused>) {
  const cluster = new FakeCluster();
  cluster.intercept = () => answer;
  return { cluster, look: createLiveLook(cluster) };
}

const live = (overrides: Parameters<typeof meta>[0] = {}) => ok({ metadata: { ...meta(), ...overrides } });

describe("an ExternalSecret", () => {
  test.each([
    {
      given: "as it is known",
      answer: live({ resourceVersion: "12" }),
      then: { kind: "current", resourceVersion: "12" },
    },
    { given: "that is not there", answer: refused(404), then: { kind: "gone" } },
    { given: "of another uid", answer: live({ uid: "new" }), then: { kind: "gone" } },
    {
      given: "that is being deleted",
      answer: live({ deletionTimestamp: "2026-01-01T00:00:00Z" }),
      then: { kind: "gone" },
    },
    { given: "of a newer spec", answer: live({ generation: 2 }), then: { kind: "unclear", retryAfterMs: 0 } },
    { given: "of an older spec", answer: live({ generation: 0 }), then: { kind: "unclear", retryAfterMs: 0 } },
    { given: "that a proxy does not know", answer: proxied404, then: { kind: "unclear", retryAfterMs: 0 } },
    { given: "that may not be read", answer: refused(403), then: { kind: "denied" } },
    {
      given: "that nobody answers for",
      answer: unanswered({ method: "GET" }),
      then: { kind: "unclear", retryAfterMs: 0 },
    },
    { given: "in an answer that is none", answer: ok("<html>"), then: { kind: "unclear", retryAfterMs: 0 } },
    { given: "without a uid", answer: live({ uid: "" }), then: { kind: "unclear", retryAfterMs: 0 } },
    {
      given: "from a server that asks for patience",
      answer: failed(errorFromStatus(429, noStatusFacts, { write: false, headerRetryAfterMs: 9_000 })),
      then: { kind: "unclear", retryAfterMs: 9_000 },
    },
  ])("$given stands as $then", async ({ answer, then }) => {
    const { look, cluster } = looking(answer);
    expect(await look.standing(meta(), signal)).toEqual(then);
    expect(cluster.reads).toEqual(["GET externalsecrets/db metadata"]);
  });
});

test.each([
  { given: "it is there", answer: ok({}), then: true },
  { given: "it is not there", answer: refused(404), then: false },
  { given: "we may not see it", answer: refused(403), then: false },
  { given: "a proxy does not know it", answer: proxied404, then: true },
  { given: "nobody answers", answer: refused(500), then: true },
])("exists: when $given: $then", async ({ answer, then }) => {
  const { look } = looking(answer);
  expect(await look.exists(resources.secretStores, { namespace: "team-a", name: "vault" }, signal)).toBe(then);
});
