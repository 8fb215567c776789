import { expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { sourceText } from "../../../../src/core/sync/entries.ts";
import { vanishedKeys } from "../../../../src/core/sync/vanished-keys.ts";
import { liveSecret, values } from "../../../support/builders/records.ts";
import { dataSource, findSource } from "../../../support/builders/sync.ts";

const find = findSource();
const data = dataSource();
const live = liveSecret({ data: { kept: "1", lost: "2" } });
const base = {
  sources: [find, data],
  rendering: values({ kept: "1" }),
  live,
  ownKeys: ["kept", "lost"],
  provenance: new Map(),
};

test.each([
  { given: "nobody knows who filled it (a restart)", when: {}, then: ["lost"] },
  { given: "a find filled it", when: { provenance: new Map([["lost", sourceText(find)]]) }, then: ["lost"] },
  { given: "another source filled it", when: { provenance: new Map([["lost", sourceText(data)]]) }, then: [] },
  {
    given: "the find that filled it is not in the spec any more",
    when: { provenance: new Map([["lost", sourceText(findSource("^old-"))]]) },
    then: [],
  },
  { given: "the spec has no find", when: { sources: [data] }, then: [] },
  { given: "it is not ours", when: { ownKeys: ["kept"] }, then: [] },
  { given: "the Secret does not hold it", when: { live: liveSecret({ data: { kept: "1" } }) }, then: [] },
  { given: "it is rendered", when: { rendering: values({ kept: "1", lost: "3" }) }, then: [] },
])("a key is carried or not when $given", ({ when, then }) => {
  expect([...vanishedKeys({ ...base, ...when }).keys()]).toEqual(then);
});

test("a carried key has the value that the Secret holds", () => {
  expect(vanishedKeys(base).get("lost")?.equals(SecretValue.ofUtf8("2"))).toBe(true);
});
