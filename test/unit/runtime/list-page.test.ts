import { expect, test } from "vitest";
import { parseListPage } from "../../../src/runtime/list-page.ts";

test.each([
  {
    given: "a page with more to come",
    body: { metadata: { resourceVersion: "7", continue: "next" }, items: [1] },
    page: { items: [1], continueToken: "next", resourceVersion: "7" },
  },
  {
    given: "the last page",
    body: { metadata: { resourceVersion: "7", continue: "" }, items: [] },
    page: { items: [], continueToken: undefined, resourceVersion: "7" },
  },
  {
    given: "an empty list as Go may write it",
    body: { metadata: { resourceVersion: "7" }, items: null },
    page: { items: [], continueToken: undefined, resourceVersion: "7" },
  },
  { given: "no version", body: { metadata: {}, items: [] }, page: undefined },
  { given: "no items", body: { metadata: { resourceVersion: "7" } }, page: undefined },
  { given: "items that are no list", body: { metadata: { resourceVersion: "7" }, items: {} }, page: undefined },
  { given: "nothing", body: undefined, page: undefined },
  { given: "a text", body: "<html>", page: undefined },
])("parseListPage: given $given", ({ body, page }) => {
  expect(parseListPage(body)).toEqual(page);
});
