// Additional authorities: added for every connection that has no CA of its own, or refused as a whole.

import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { trustBundles } from "../../../../src/providers/http/trusted-roots.ts";
import { startConnectProxy } from "../../../support/connect-proxy.ts";
import { StubVault } from "../../../support/stub-vault.ts";
import { testEgress } from "../../../support/test-egress.ts";
import { testTls } from "../../../support/tls.ts";
import { transportWith } from "../../../support/transport-rig.ts";

const NEVER = new AbortController().signal;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fairlead-roots-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function bundle(text: string): Promise<{ readonly origin: string; readonly path: string }> {
  const path = join(directory, "ca.pem");
  await writeFile(path, text);
  return { origin: "--ca-bundle-file", path };
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

test.each([
  { given: "no certificate", text: "none", says: "holds no PEM certificate" },
  {
    given: "a garbled one behind a good one",
    text: `${testTls.ca}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`,
    says: "holds a certificate that cannot be read",
  },
])("a file with $given is a sentence, and nothing is trusted", async ({ text, says }) => {
  const before = tls.getCACertificates("default").length;
  const trusted = await trustBundles([await bundle(text)]);
  expect(trusted.ok || trusted.error).toContain(says);
  expect(trusted.ok || trusted.error).toContain("--ca-bundle-file");
  expect(tls.getCACertificates("default")).toHaveLength(before);
});

test("a file that is not there is a sentence", async () => {
  const trusted = await trustBundles([{ origin: "SSL_CERT_FILE", path: join(directory, "absent") }]);
  expect(trusted.ok || trusted.error).toContain("SSL_CERT_FILE");
  expect(trusted.ok || trusted.error).toContain("cannot be read");
});

test("what is added serves stores and proxies beside the usual roots, and a store's own CA replaces it", async () => {
  const before = tls.getCACertificates("default");
  onTestFinished(() => tls.setDefaultCACertificates(before));
  const stub = await StubVault.start();
  onTestFinished(() => stub.close());
  const proxy = await startConnectProxy({ tls: true });
  const ask = async (ca: string | undefined): Promise<boolean> => {
    const transport = transportWith({ ca, egress: testEgress({ proxyFor: () => proxy.proxy() }) });
    onTestFinished(() => transport.destroy());
    return (
      await transport.send({ method: "GET", url: `${stub.url}/v1/a`, headers: {}, body: undefined, signal: NEVER })
    ).ok;
  };
  expect(await ask(undefined)).toBe(false);
  expect(await trustBundles([await bundle(`# ours\n${testTls.ca}`)])).toEqual({ ok: true, value: undefined });
  expect(await ask(undefined)).toBe(true);
  expect(await ask(testTls.otherCa)).toBe(false);
  const after = new Set(tls.getCACertificates("default").map(fingerprint));
  expect(before.filter((pem) => !after.has(fingerprint(pem)))).toHaveLength(0);
});
