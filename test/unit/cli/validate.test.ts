import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../../src/cli/command.ts";
import { validateCommand } from "../../../src/cli/validate.ts";
import { recordedIo } from "./process-io.ts";

const externalSecret = `apiVersion: fairlead.dev/v1
kind: ExternalSecret
metadata: { name: db, namespace: team-a }
spec:
  secretStoreRef: { name: vault }
  data:
    - secretKey: password
      remoteRef: { key: app/db, property: password }
`;
const clusterStore = `apiVersion: fairlead.dev/v1
kind: ClusterSecretStore
metadata: { name: vault }
spec:
  conditions: [{ namespaceSelector: {} }]
  provider:
    vault:
      server: https://vault.example:8200
      path: kv
      version: v2
      auth: { kubernetes: { mountPath: kubernetes, role: r, serviceAccountRef: { name: s, namespace: team-b } } }
`;
const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n";

async function validated(input: string, ...files: string[]) {
  const io = recordedIo({ readInput: () => Promise.resolve(input) });
  const code = await runCommand([validateCommand], ["validate", ...(files.length > 0 ? files : ["-"])], io);
  return { code, ...io.printed };
}

describe("fairlead validate", () => {
  test("accepts good manifests, and counts what it checked and skipped", async () => {
    expect(await validated([externalSecret, clusterStore, configMap].join("---\n"))).toEqual({
      code: 0,
      out: "",
      err: "checked: 2, skipped: 1, problems: 0\n",
    });
  });

  test.each([
    {
      given: "an invalid field",
      text: externalSecret.replace("spec:", "spec:\n  refreshInterval: soon"),
      out: /^-:5 ExternalSecret team-a\/db: spec\.refreshInterval: refreshInterval must be .*\n$/,
    },
    {
      given: "an unknown field",
      text: externalSecret.replace("property:", "propertyy:"),
      out: /^-:8 ExternalSecret team-a\/db: spec\.data\[0\]\.remoteRef\.propertyy: unknown field\n$/,
    },
    {
      given: "a missing name",
      text: externalSecret.replace("name: db, ", ""),
      out: /^-:3 ExternalSecret team-a: metadata\.name: is required\n$/,
    },
    {
      given: "a store of a cluster without conditions",
      text: clusterStore.replace(/ {2}conditions.*\n/, ""),
      out: /^-:4 ClusterSecretStore vault: spec: ClusterSecretStore without conditions .*\n$/,
    },
    {
      given: "another version of the API",
      text: externalSecret.replace("dev/v1", "dev/v2"),
      out: /^-:1 ExternalSecret team-a\/db: apiVersion: must be fairlead\.dev\/v1\n$/,
    },
    {
      given: "an unknown kind",
      text: externalSecret.replace("ExternalSecret", "PushSecret"),
      out: /^-:2 PushSecret team-a\/db: kind: must be ExternalSecret, SecretStore or ClusterSecretStore\n$/,
    },
    { given: "text that is not YAML", text: "a: [\n", out: /^-:2 not YAML \([A-Z_]+\)\n$/ },
  ])("reports $given in one line and exits 1", async ({ text, out }) => {
    const verdict = await validated(text);
    expect(verdict.out).toMatch(out);
    expect(verdict).toMatchObject({ code: 1, err: expect.stringContaining("problems: 1\n") as unknown });
  });

  test("reports the problems of one object in the order of its lines", async () => {
    const text = externalSecret.replace("spec:", "spec:\n  refreshInterval: soon").replace("property:", "propertyy:");
    const lines = (await validated(text)).out.trim().split("\n");
    expect(lines.map((line) => line.split(" ", 1)[0])).toEqual(["-:5", "-:9"]);
  });

  test.each([
    { args: [], problem: "no file is given" },
    { args: ["--strict"], problem: "unknown flag --strict" },
    { args: ["/nowhere/a.yaml"], problem: "cannot read /nowhere/a.yaml (ENOENT)" },
    { args: ["/"], problem: "cannot read / (EISDIR)" },
  ])("exits 2 for $args: $problem", async ({ args, problem }) => {
    const io = recordedIo();
    expect(await runCommand([validateCommand], ["validate", ...args], io)).toBe(2);
    expect(io.printed).toEqual({ out: "", err: `fairlead: ${problem}\nSee 'fairlead validate --help'.\n` });
  });
});

describe("with files", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fairlead-validate-"));
    await writeFile(join(folder, "good.yaml"), externalSecret);
    await writeFile(join(folder, "bad.yaml"), `${configMap}---\n${externalSecret.replace("password", "..bad")}`);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("names the file and the line, and adds the counts up", async () => {
    const [good, bad] = [join(folder, "good.yaml"), join(folder, "bad.yaml")];
    const { code, out, err } = await validated("", good, bad);
    expect(out).toMatch(`${bad}:11 ExternalSecret team-a/db: spec.data[0].secretKey: `);
    expect(err).toBe("checked: 2, skipped: 1, problems: 1\n");
    expect(code).toBe(1);
  });
});
