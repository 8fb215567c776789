import { describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../../testbed/certificates.ts";
import { call, clientOf, protocols } from "./test-clients.ts";
import { beginStream, event, gate, SECRET, start, WATCH } from "./test-setting.ts";

const A1 = event("a", 1);

describe.each(protocols)("a link under %s", (protocol) => {
  test("that is silent keeps connections open and passes nothing; when it opens, all comes", async () => {
    const { proxy, upstream } = await start(beginStream);
    const client = clientOf(protocol, proxy);
    const asked = upstream.next();
    const [server, watch] = await Promise.all([asked, client.open({ path: WATCH })]);
    proxy.setLink("silent");
    let heard = false;
    const text = watch
      .until((seen) => seen !== "")
      .then((seen) => {
        heard = true;
        return seen;
      });
    server.response.write(A1);
    const newcomer = clientOf(protocol, proxy).open({ path: WATCH });
    await new Promise(setImmediate);
    // Bytes that were swallowed have had their way through four sockets of this process by then.
    await call(clientOf(protocol, (await start()).proxy), { path: SECRET });
    expect({ heard, connections: proxy.connections, seen: upstream.seen.length }).toEqual({
      heard: false,
      connections: 2,
      seen: 1,
    });
    proxy.setLink("open");
    expect(await text).toBe(A1);
    expect((await newcomer).status).toBe(200);
    expect(proxy.fired()).toEqual(new Map([["link:silent", 1]]));
  });

  test("that is down resets what is open and what comes, until it opens again", async () => {
    const { proxy, upstream } = await start(beginStream);
    const client = clientOf(protocol, proxy);
    const asked = upstream.next();
    const [server, watch] = await Promise.all([asked, client.open({ path: WATCH })]);
    const { opened: closed, open: close } = gate();
    server.response.on("close", close);
    proxy.setLink("down");
    expect((await watch.ended).isWhole).toBe(false);
    await closed;
    await expect(clientOf(protocol, proxy).open({ path: WATCH })).rejects.toThrow();
    proxy.clear();
    expect((await client.open({ path: WATCH })).status).toBe(200);
  });

  test("shows another certificate when it is told to", async () => {
    const { proxy } = await start();
    const authority = await createCertificateAuthority("next-authority");
    await call(clientOf(protocol, proxy), { path: SECRET });
    proxy.useCertificate(await authority.issue({ commonName: "next", dnsNames: ["localhost"] }));
    await expect(call(clientOf(protocol, proxy), { path: SECRET })).rejects.toThrow();
    const next = clientOf(protocol, { address: proxy.address, caPem: authority.certificatePem });
    expect(await call(next, { path: SECRET })).toMatchObject({ status: 200 });
  });
});

test("HTTP/2 pings are not answered while the link is silent, and are when it opens", async () => {
  const { proxy } = await start(beginStream);
  const client = clientOf("HTTP/2", proxy);
  await client.open({ path: WATCH });
  await client.ping?.();
  proxy.setLink("silent");
  let answered = false;
  const ping = client.ping?.().then(() => (answered = true));
  await call(clientOf("HTTP/2", (await start()).proxy), { path: SECRET });
  expect(answered).toBe(false);
  proxy.setLink("open");
  await ping;
  expect(answered).toBe(true);
});
