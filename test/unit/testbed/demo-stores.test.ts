// Which stores the demo is told with: the Makefile refuses the same words as the demo, only earlier.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { chosenStores, storeNames } from "../../demo/demo-store.ts";

test.each([
  { word: "vault", wanted: ["vault"] },
  { word: "aws", wanted: ["aws"] },
  { word: "azure", wanted: ["azure"] },
  { word: "all", wanted: ["vault", "aws", "azure"] },
  { word: "gcp", wanted: undefined },
  { word: "", wanted: undefined },
])("STORE=$word chooses $wanted", ({ word, wanted }) => {
  expect(chosenStores(word)).toEqual(wanted);
});

test("the Makefile takes the words that the demo takes, or none", () => {
  const makefile = readFileSync(new URL("../../../Makefile", import.meta.url), "utf8");
  expect(makefile).toContain(`case "$(STORE)" in ""|${[...storeNames, "all"].join("|")}) ;;`);
});
