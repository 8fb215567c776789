// What standbys that serve reads must have seen before they answer.

import { afterEach, beforeEach, expect, test } from "vitest";
import { remoteRefId } from "../../../../src/core/provider/port.ts";
import { respond } from "../../../support/stub-vault.ts";
import { VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;
const ref = { key: "app/db", version: undefined, metadataPolicy: "None" } as const;

let rig: VaultRig;
beforeEach(async () => {
  rig = await VaultRig.start();
  rig.stub.kv().put("app/db", { password: "p1" });
});
afterEach(() => rig.close());

/** Headers of the read that follows a login whose answer carries `index`. */
async function indexAfterLogin(index: string | undefined): Promise<unknown> {
  rig.stub.tokens.set("hvs.replicated", { ttlSeconds: 60, isRenewable: false });
  const auth = { client_token: "hvs.replicated", lease_duration: 60, renewable: false, token_type: "service" };
  const headers = index === undefined ? {} : { "X-Vault-Index": index };
  rig.stub.faults.set("auth/kubernetes/login", respond({ status: 200, body: { auth }, headers }));
  let seen: unknown;
  rig.stub.faults.set("kv/data/app/db", (response) => {
    seen = response.req.headers["x-vault-index"];
    respond({ status: 412, body: { errors: [] } })(response);
  });
  const answers = await rig.provider().readSecrets([ref], NEVER);
  expect(answers.get(remoteRefId(ref))).toMatchObject({ ok: false, error: { kind: "unavailable", httpStatus: 412 } });
  return seen;
}

test.each([
  { given: "an index", index: "djE6YWJj", sent: "djE6YWJj" },
  { given: "none", index: undefined, sent: undefined },
  { given: "something else", index: "a b", sent: undefined },
])("a login with $given: $sent goes with each read", async ({ index, sent }) => {
  expect(await indexAfterLogin(index)).toBe(sent);
});
