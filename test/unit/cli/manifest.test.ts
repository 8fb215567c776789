import { describe, expect, test } from "vitest";
import { readManifest } from "../../../src/cli/manifest.ts";

function read(text: string) {
  const { objects, problems } = readManifest(text);
  return { raws: objects.map(({ raw }) => raw), objects, problems };
}

describe("readManifest", () => {
  test.each([
    { given: "nothing", text: "", raws: [] },
    { given: "empty documents and comments", text: "---\n# none\n---\n", raws: [] },
    { given: "several documents", text: "a: 1\n---\nb: 2\n", raws: [{ a: 1 }, { b: 2 }] },
    { given: "JSON", text: '{"a": [1]}', raws: [{ a: [1] }] },
    { given: "a List", text: "kind: List\nitems: [{a: 1}, {b: 2}]\n", raws: [{ a: 1 }, { b: 2 }] },
    { given: "no object", text: "just text\n", raws: ["just text"] },
  ])("reads $given", ({ text, raws }) => {
    expect(read(text)).toMatchObject({ raws, problems: [] });
  });

  test.each([
    { text: "v: yes", value: true },
    { text: "v: n", value: false },
    { text: "v: 'yes'", value: "yes" },
    { text: "v: 2026-01-02", value: "2026-01-02" },
    { text: "v: 1:30", value: "1:30" },
    { text: "v: 010", value: 8 },
    { text: "a: &x {b: 1}\nv: {<<: *x}", value: { b: 1 } },
  ])("reads $text as kubectl does", ({ text, value }) => {
    expect(read(text).raws).toMatchObject([{ v: value }]);
  });

  test.each([
    { given: "broken flow", text: "a: 1\nb: [1\n", line: 3 },
    { given: "a duplicate key", text: "a: 1\nb: 2\na: 3\n", line: 3 },
  ])("says where a document with $given is not YAML, and reads the others", ({ text, line }) => {
    const { raws, problems } = read(`${text}---\nok: true\n`);
    expect(problems).toMatchObject([{ line, message: expect.stringMatching(/^not YAML \([A-Z_]+\)$/) as unknown }]);
    expect(raws).toEqual([{ ok: true }]);
  });

  test("says that an alias has no anchor", () => {
    const { raws, problems } = read("a: 1\nb: *nope\n");
    expect(raws).toEqual([]);
    expect(problems).toEqual([{ line: 1, message: "an alias without its anchor, or more than 100 aliases" }]);
  });

  test("refuses to unfold a document without end", () => {
    const level = (n: number) => `l${n}: &l${n} [${Array.from({ length: 9 }, () => `*l${n - 1}`).join(",")}]\n`;
    const { raws, problems } = read(`l0: &l0 [x]\n${[1, 2, 3, 4, 5, 6].map(level).join("")}`);
    expect(raws).toEqual([]);
    expect(problems).toEqual([{ line: 1, message: "an alias without its anchor, or more than 100 aliases" }]);
  });
});

describe("lineOf", () => {
  const text = `# comment
kind: ExternalSecret
metadata:
  labels:
    app.kubernetes.io/name: x
spec:
  data:
    - secretKey: a
    - secretKey: b
      remoteRef:
        key: k
`;

  test.each([
    { path: "kind", line: 2 },
    { path: "metadata.labels[app.kubernetes.io/name]", line: 5 },
    { path: "spec.data", line: 7 },
    { path: "spec.data[0]", line: 8 },
    { path: "spec.data[1].remoteRef", line: 10 },
    { path: "spec.data[1].remoteRef.key", line: 11 },
    { path: "spec.data[1].remoteRef.version", line: 10 },
    { path: "spec.data[7].secretKey", line: 7 },
    { path: "spec.secretStoreRef.name", line: 6 },
    { path: "status.entries", line: 2 },
  ])("of $path is $line", ({ path, line }) => {
    expect(read(text).objects[0]?.lineOf(path)).toBe(line);
  });

  test("counts from the top of the file in later documents and in Lists", () => {
    const { objects } = read(`a: 1\n---\nkind: List\nitems:\n  - b: 1\n  - b: 2\n    c: 3\n`);
    expect(objects.map((object) => object.lineOf("c"))).toEqual([1, 5, 7]);
  });
});
