import { describe, expect, test } from "vitest";
import { apiVersion, collectionPath, objectPath, resources } from "../../../src/kubernetes/resource-path.ts";

describe("resource paths", () => {
  test.each([
    { path: collectionPath(resources.secrets), expected: "/api/v1/secrets" },
    { path: collectionPath(resources.secrets, "team-a"), expected: "/api/v1/namespaces/team-a/secrets" },
    {
      path: collectionPath(resources.externalSecrets, "team-a"),
      expected: "/apis/fairlead.dev/v1/namespaces/team-a/externalsecrets",
    },
    {
      path: objectPath(resources.externalSecrets, { namespace: "team-a", name: "db" }, "status"),
      expected: "/apis/fairlead.dev/v1/namespaces/team-a/externalsecrets/db/status",
    },
    {
      path: objectPath(resources.clusterSecretStores, { namespace: "", name: "vault" }),
      expected: "/apis/fairlead.dev/v1/clustersecretstores/vault",
    },
    {
      path: objectPath(resources.serviceAccounts, { namespace: "a", name: "app" }, "token"),
      expected: "/api/v1/namespaces/a/serviceaccounts/app/token",
    },
  ])("builds $expected", ({ path, expected }) => {
    expect(path).toBe(expected);
  });

  test.each(["a/../b", "a?watch=1", "a#b", "a%2fb", "a b", "ä"])("encodes the name %j into one segment", (name) => {
    const path = objectPath(resources.secrets, { namespace: "n", name });
    const url = new URL(path, "https://server");
    expect(url.pathname.split("/")).toHaveLength(7);
    expect(decodeURIComponent(url.pathname.slice("/api/v1/namespaces/n/secrets/".length))).toBe(name);
    expect(url.search + url.hash).toBe("");
  });

  test.each(["", ".", ".."])("refuses the name %j", (name) => {
    expect(() => objectPath(resources.secrets, { namespace: "n", name })).toThrow();
  });

  test("names the API version with its group, and that of the core group without", () => {
    expect(apiVersion(resources.secretStores)).toBe("fairlead.dev/v1");
    expect(apiVersion(resources.secrets)).toBe("v1");
  });
});
