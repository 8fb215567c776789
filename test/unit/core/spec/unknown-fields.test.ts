import { expect, test } from "vitest";
import { unknownFields } from "../../../../src/core/spec/unknown-fields.ts";
import { clusterSecretStore, entry, externalSecret, secretStore } from "../../../support/spec-vector.ts";

test.each([
  { given: "a valid object", object: externalSecret({}), paths: [] },
  {
    given: "a field of the spec",
    object: externalSecret({ refreshIntervall: "1h" }),
    paths: ["spec.refreshIntervall"],
  },
  {
    given: "fields inside lists and maps",
    object: externalSecret({
      target: { template: { metadata: { labels: { a: "b" }, finalizers: [] } } },
      data: [entry("a", "b"), { secretKey: "c", remoteRef: { key: "d", propery: "e" } }],
    }),
    paths: ["spec.data[1].remoteRef.propery", "spec.target.template.metadata.finalizers"],
  },
  { given: "a field beside the spec", object: { ...externalSecret({}), data: {} }, paths: ["data"] },
  {
    given: "a field of the metadata",
    object: { ...externalSecret({}), metadata: { name: "a", label: { b: "c" }, managedFields: [{}] } },
    paths: ["metadata.label"],
  },
  {
    given: "what is not served yet",
    object: externalSecret({ target: { template: { data: {} } } }),
    paths: ["spec.target.template.data"],
  },
  { given: "a field named as a method", object: externalSecret({ toString: "x" }), paths: ["spec.toString"] },
  { given: "another provider", object: secretStore({}, { provider: { gcpsm: {} } }), paths: ["spec.provider.gcpsm"] },
  { given: "conditions of a SecretStore", object: secretStore({}, { conditions: [] }), paths: ["spec.conditions"] },
  { given: "conditions of a ClusterSecretStore", object: clusterSecretStore({}), paths: [] },
  { given: "no object", object: "text", paths: [] },
])("given $given, the unknown fields are $paths", ({ object, paths }) => {
  const kind = typeof object === "string" ? "ExternalSecret" : object.kind;
  expect(unknownFields(object, kind)).toEqual(paths);
});
