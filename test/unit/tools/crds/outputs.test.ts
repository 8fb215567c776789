import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { outputs } from "../../../../tools/crds/outputs.ts";

const root = join(import.meta.dirname, "../../../..");
const made = await outputs(root);

test.each([...made.keys()])("%s is what its schema makes", (path) => {
  expect(existsSync(join(root, path)), "run `make crds`").toBe(true);
  expect(readFileSync(join(root, path), "utf8")).toBe(made.get(path));
});

test("crds/ holds CRD files only, one for each kind", () => {
  const files = readdirSync(join(root, "crds"));
  expect(files.map((file) => `crds/${file}`).toSorted()).toEqual(
    [...made.keys()].filter((path) => path.startsWith("crds/")).toSorted(),
  );
});

test("kustomize gets the same CRDs", () => {
  for (const [path, text] of made) {
    if (path.startsWith("crds/")) expect(made.get(path.replace("crds/", "config/crd/"))).toBe(text);
  }
});

test("no keyword of ours reaches a CRD, and nothing is accepted unseen", () => {
  for (const text of made.values()) {
    expect(text).not.toContain("x-fairlead");
    expect(text).not.toContain("preserve-unknown-fields");
  }
});

test("the names, columns and selectable fields are those of the contract", () => {
  const crds = [...made].filter(([path]) => path.startsWith("crds/")).map(([, text]): unknown => parse(text));
  expect(crds).toMatchObject([
    {
      metadata: { name: "externalsecrets.fairlead.dev" },
      spec: {
        group: "fairlead.dev",
        scope: "Namespaced",
        names: { kind: "ExternalSecret", shortNames: ["fes"] },
        versions: [
          {
            name: "v1",
            subresources: { status: {} },
            additionalPrinterColumns: [
              "Store",
              "Target",
              "Ready",
              "Reason",
              "Version",
              "Last Change",
              "Age",
              "Message",
            ].map((name) => ({ name })),
            selectableFields: [
              { jsonPath: ".spec.secretStoreRef.name" },
              { jsonPath: ".spec.secretStoreRef.kind" },
              { jsonPath: ".spec.target.name" },
            ],
          },
        ],
      },
    },
    { spec: { scope: "Namespaced", names: { kind: "SecretStore", shortNames: ["fss"] } } },
    { spec: { scope: "Cluster", names: { kind: "ClusterSecretStore", shortNames: ["fcss"] } } },
  ]);
});
