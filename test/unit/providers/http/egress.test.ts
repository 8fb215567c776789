// The way out as flags and environment have it, and the narrow one for the operator's own identity.

import { describe, expect, test } from "vitest";
import { createEgress, egressToPlatform } from "../../../../src/providers/http/egress.ts";

const env = { HTTPS_PROXY: "http://me:word-1@secure:1", HTTP_PROXY: "http://plain:2", NO_PROXY: ".inside" };
const flags = { allowInsecureHttp: false, allowLinkLocal: false };

describe("createEgress", () => {
  test.each([
    { server: "https://vault.example", proxy: "http://secure:1" },
    { server: "http://vault.example", proxy: "http://plain:2" },
    { server: "https://vault.inside:8200", proxy: undefined },
    { server: "https://127.0.0.1:8200", proxy: undefined },
  ])("$server goes by $proxy", ({ server, proxy }) => {
    const egress = createEgress({ env, ...flags });
    expect(egress.ok && egress.value.proxyFor(new URL(server))?.url).toBe(proxy);
  });

  test.each([{ HTTPS_PROXY: "socks5://me:word-1@p" }, { http_proxy: "http://me:word-1@" }])(
    "a variable that names no proxy is a sentence with its name, without its credentials: %o",
    (variables) => {
      const egress = createEgress({ env: variables, ...flags });
      expect(egress.ok || egress.error).toContain(Object.keys(variables)[0]);
      expect(JSON.stringify(egress)).not.toContain("word-1");
    },
  );

  test.each([
    { allowLinkLocal: false, allows: false },
    { allowLinkLocal: true, allows: true },
  ])("link-local addresses where allowLinkLocal is $allowLinkLocal: $allows", ({ allowLinkLocal, allows }) => {
    const egress = createEgress({ env: {}, ...flags, allowLinkLocal });
    expect(egress.ok && egress.value.allowsAddress("169.254.169.254")).toBe(allows);
    expect(egress.ok && egress.value.allowsAddress("10.0.0.1")).toBe(true);
  });
});

test("the way to the platform leads to its hosts only, straight", () => {
  const egress = egressToPlatform("169.254.169.254");
  expect(egress.allowsAddress("169.254.169.254")).toBe(true);
  expect(egress.allowsAddress("169.254.170.23")).toBe(false);
  expect(egress.allowsAddress("10.0.0.1")).toBe(false);
  expect(egress.proxyFor(new URL("http://169.254.169.254"))).toBeUndefined();
});
