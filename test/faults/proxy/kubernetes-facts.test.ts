import { expect, test } from "vitest";
import { kubernetesTarget } from "./kubernetes-facts.ts";

const NAMESPACED = "/api/v1/namespaces/team/secrets";
const CUSTOM = "/apis/fairlead.dev/v1/namespaces/team/externalsecrets";

test.each([
  ["GET", `${NAMESPACED}/db`, "get secrets team/db"],
  ["GET", NAMESPACED, "list secrets team/"],
  ["GET", "/api/v1/secrets?limit=500", "list secrets /"],
  ["GET", "/api/v1/secrets?watch=1", "watch secrets /"],
  ["GET", "/api/v1/secrets?watch=true", "watch secrets /"],
  ["GET", "/api/v1/secrets?watch=false", "list secrets /"],
  ["GET", `${NAMESPACED}?watch=1&fieldSelector=metadata.name%3Ddb`, "watch secrets team/db"],
  ["POST", NAMESPACED, "create secrets team/"],
  ["PUT", `${NAMESPACED}/db`, "update secrets team/db"],
  ["PATCH", `${CUSTOM}/db/status?fieldManager=x`, "patch externalsecrets/status team/db"],
  ["DELETE", `${CUSTOM}/db`, "delete externalsecrets team/db"],
  ["DELETE", CUSTOM, "deletecollection externalsecrets team/"],
  ["GET", "/apis/fairlead.dev/v1/clustersecretstores/main", "get clustersecretstores /main"],
  ["POST", "/api/v1/namespaces/team/serviceaccounts/reader/token", "create serviceaccounts/token team/reader"],
  ["GET", "/api/v1/namespaces/team", "get namespaces team/team"],
  ["GET", "/api/v1/namespaces", "list namespaces /"],
  ["PUT", "/api/v1/namespaces/team/finalize", "update namespaces/finalize team/team"],
  ["GET", "/api/v1/namespaces/team/secrets/a%2Eb", "get secrets team/a.b"],
  ["GET", "/healthz", " /"],
  ["GET", "/version", " /"],
])("%s %s is: %s", (method, target, wanted) => {
  const { pathname: path, searchParams: query } = new URL(target, "https://server");
  const { verb, resource, subresource, namespace, name } = kubernetesTarget({ method, path, query });
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  expect(
    [verb, what, `${namespace}/${name}`]
      .filter((part) => part !== "")
      .join(" ")
      .trim(),
  ).toBe(wanted.trim());
});
