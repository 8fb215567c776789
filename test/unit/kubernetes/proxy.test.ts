import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { parseProxy } from "../../../src/kubernetes/proxy.ts";

describe("parseProxy", () => {
  test.each([
    {
      text: "http://proxy.example:3128",
      proxy: { url: "http://proxy.example:3128", tls: false, host: "proxy.example", port: 3128 },
    },
    { text: "http://proxy.example", proxy: { url: "http://proxy.example:80", tls: false, port: 80 } },
    { text: "https://proxy.example/", proxy: { url: "https://proxy.example:443", tls: true, port: 443 } },
    { text: "http://[fd00::1]:3128", proxy: { url: "http://[fd00::1]:3128", host: "fd00::1", port: 3128 } },
  ])("reads $text", ({ text, proxy }) => {
    expect(parseProxy(text)).toMatchObject({ ok: true, value: { ...proxy, credentials: undefined } });
  });

  test.each([
    { text: "http://me:canary%409@proxy", credentials: "me:canary@9" },
    { text: "http://me@proxy", credentials: "me:" },
    { text: "http://:canary-9@proxy", credentials: ":canary-9" },
  ])("keeps the credentials of $text apart, and shows them nowhere", ({ text, credentials }) => {
    const proxy = parseProxy(text);
    const value = proxy.ok ? proxy.value : undefined;
    expect(value?.credentials?.revealUtf8()).toBe(credentials);
    expect(JSON.stringify(value) + inspect(value)).not.toContain("canary");
  });

  test.each([
    { text: "socks5://me:canary-9@proxy:1080", says: "SOCKS proxies are not supported" },
    { text: "socks5h://proxy", says: "SOCKS proxies are not supported" },
    { text: "ftp://me:canary-9@proxy", says: "not supported" },
    { text: "proxy:3128", says: "is no URL such as" },
    { text: "http://me:canary-9@:80", says: "is no URL" },
    { text: "canary-9", says: "is no URL" },
    { text: "", says: "is no URL" },
    { text: "http://me:canary-9%zz@proxy", says: "percent-encoded" },
  ])("refuses $text, in our own words", ({ text, says }) => {
    const proxy = parseProxy(text);
    expect(proxy.ok ? "accepted" : proxy.error).toContain(says);
    expect(JSON.stringify(proxy)).not.toContain("canary-9");
  });
});
