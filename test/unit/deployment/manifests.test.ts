// config/ without a cluster: the samples pass our own validation, and permissions are those of the contract.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Document, parseAllDocuments } from "yaml";
import { parseExternalSecret } from "../../../src/core/spec/parse-external-secret.ts";
import { parseSecretStore } from "../../../src/core/spec/parse-secret-store.ts";
import { unknownFields } from "../../../src/core/spec/unknown-fields.ts";
import { isRecord, listOf, recordOf, textOf } from "../../../src/core/unknown.ts";

const config = join(import.meta.dirname, "../../../config");

function objectsOf(path: string): readonly unknown[] {
  return parseAllDocuments(readFileSync(join(config, path), "utf8")).map(plainOf);
}

function plainOf(document: Document): unknown {
  const plain: unknown = document.toJS();
  return plain;
}

const samples = readdirSync(join(config, "samples"))
  .filter((file) => file !== "kustomization.yaml")
  .flatMap((file) =>
    objectsOf(`samples/${file}`).map((raw) => ({ file, raw, kind: textOf(recordOf(raw)["kind"]) ?? "" })),
  )
  .filter(({ raw }) => recordOf(raw)["apiVersion"] === "fairlead.dev/v1");

test.each(samples)("the $kind of samples/$file is valid", ({ raw, kind }) => {
  if (kind !== "ExternalSecret" && kind !== "SecretStore" && kind !== "ClusterSecretStore") throw new Error(kind);
  expect(unknownFields(raw, kind)).toEqual([]);
  expect(kind === "ExternalSecret" ? parseExternalSecret(raw) : parseSecretStore(raw, kind)).toMatchObject({
    ok: true,
    value: { spec: { ok: true } },
  });
});

test("there is a sample of each kind", () => {
  expect(new Set(samples.map(({ kind }) => kind))).toEqual(
    new Set(["ExternalSecret", "SecretStore", "ClusterSecretStore"]),
  );
});

/** `group/resource: verb …`, sorted. */
function grantsOf(path: string): readonly string[] {
  const rules = objectsOf(path).flatMap((role) => listOf(recordOf(role)["rules"]).filter(isRecord));
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      listOf(apiGroups).flatMap((group) =>
        listOf(resources).map((resource) => `${String(group)}/${String(resource)}: ${listOf(verbs).join(" ")}`),
      ),
    )
    .toSorted();
}

test("the operator may do what the contract lists, and no more", () => {
  expect(grantsOf("rbac/cluster-role.yaml")).toEqual([
    "/configmaps: get watch",
    "/events: create patch",
    "/namespaces: list watch",
    "/secrets: get list watch create patch delete",
    "/serviceaccounts: get watch",
    "fairlead.dev/clustersecretstores/status: patch",
    "fairlead.dev/clustersecretstores: get list watch",
    "fairlead.dev/externalsecrets/status: patch",
    "fairlead.dev/externalsecrets: get list watch",
    "fairlead.dev/secretstores/status: patch",
    "fairlead.dev/secretstores: get list watch",
  ]);
});

test("the Lease is the only thing of its own namespace that it may change", () => {
  expect(grantsOf("rbac/leader-election-role.yaml")).toEqual([
    "coordination.k8s.io/leases: create",
    "coordination.k8s.io/leases: get update watch",
  ]);
});

test("tokens of ServiceAccounts are granted by the optional component only", () => {
  expect(grantsOf("components/token-request/cluster-role.yaml")).toEqual(["/serviceaccounts/token: create"]);
});
