// What the operator may log in with as itself: token files, and the variables of a cloud's platform.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorIdentityOf } from "../../../src/app/operator-identity.ts";

const signal = new AbortController().signal;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "operator-identity-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  { name: "AWS_ROLE_ARN", value: "arn", then: "arn" },
  { name: "AZURE_CLIENT_ID", value: "id", then: "id" },
  { name: "AWS_ROLE_ARN", value: "", then: undefined },
  { name: "VAULT_TOKEN", value: "word", then: undefined },
  { name: "MY_AWS_KEY", value: "word", then: undefined },
])("the variable $name is $then", ({ name, value, then }) => {
  expect(operatorIdentityOf({ [name]: value }).variable(name)).toBe(then);
});

test("a token file is read without the line end behind it, each time anew", async () => {
  const path = join(folder, "token");
  const identity = operatorIdentityOf({});
  for (const token of ["word-1", "word-2"]) {
    await writeFile(path, `${token}\n`);
    expect((await identity.readFile(path, signal))?.revealUtf8()).toBe(token);
  }
});

test("a file that is not there is none", async () => {
  expect(await operatorIdentityOf({}).readFile(join(folder, "none"), signal)).toBeUndefined();
});
