import { describe, expect, test } from "vitest";
import { proxyFromEnvironment, proxyVariables } from "../../../src/kubernetes/proxy-environment.ts";

const proxyFor = (server: string, env: Readonly<Record<string, string>>): string => {
  const proxy = proxyFromEnvironment(server, env);
  return proxy.ok ? (proxy.value?.url ?? "none") : proxy.error.message;
};

describe("proxyFromEnvironment", () => {
  test.each([
    { given: "nothing", env: {}, url: "none" },
    { given: "HTTPS_PROXY", env: { HTTPS_PROXY: "http://p:1" }, url: "http://p:1" },
    { given: "lower case first", env: { HTTPS_PROXY: "http://p:1", https_proxy: "http://q:2" }, url: "http://q:2" },
    { given: "an empty lower case", env: { HTTPS_PROXY: "http://p:1", https_proxy: "" }, url: "http://p:1" },
    { given: "HTTP_PROXY only", env: { HTTP_PROXY: "http://p:1", http_proxy: "http://p:1" }, url: "none" },
    { given: "host and port", env: { HTTPS_PROXY: "p.example:3128" }, url: "http://p.example:3128" },
    { given: "an address and port", env: { HTTPS_PROXY: "10.0.0.1:3128" }, url: "http://10.0.0.1:3128" },
    { given: "a host", env: { HTTPS_PROXY: "p" }, url: "http://p:80" },
    {
      given: "NO_PROXY in lower case first",
      env: { HTTPS_PROXY: "http://p:1", NO_PROXY: "*", no_proxy: "x" },
      url: "http://p:1",
    },
    { given: "NO_PROXY alone", env: { NO_PROXY: "x" }, url: "none" },
  ])("given $given: $url", ({ env, url }) => {
    expect(proxyFor("https://api.example:6443", env)).toBe(url);
  });

  test.each([
    { given: "HTTPS_PROXY only", env: { HTTPS_PROXY: "http://p:1" }, url: "none" },
    { given: "HTTP_PROXY", env: { HTTP_PROXY: "http://p:1", HTTPS_PROXY: "http://q:2" }, url: "http://p:1" },
    { given: "its port in NO_PROXY", env: { HTTP_PROXY: "http://p:1", NO_PROXY: "store.example:80" }, url: "none" },
    { given: "another port", env: { HTTP_PROXY: "http://p:1", NO_PROXY: "store.example:443" }, url: "http://p:1" },
  ])("for an http:// server, given $given: $url", ({ env, url }) => {
    expect(proxyFor("http://store.example", env)).toBe(url);
  });

  test.each([
    { env: { HTTPS_PROXY: "socks5://me:canary-9@p" }, says: "HTTPS_PROXY names no proxy that we can use: SOCKS" },
    { env: { https_proxy: "http://me:canary-9@" }, says: "https_proxy is no URL" },
  ])("refuses what it cannot use: $says", ({ env, says }) => {
    const message = proxyFor("https://api.example", env);
    expect(message).toContain(says);
    expect(message).not.toContain("canary-9");
  });

  test("looks at HTTPS_PROXY only where it would be used", () => {
    expect(proxyFor("https://api.example", { HTTPS_PROXY: "socks5://p", NO_PROXY: "api.example" })).toBe("none");
  });

  // The expectations are those of golang.org/x/net http/httpproxy (proxy.go and its documentation).
  test.each([
    { server: "https://localhost:6443", noProxy: "", direct: true },
    { server: "https://127.0.0.1:6443", noProxy: "", direct: true },
    { server: "https://127.8.9.1:6443", noProxy: "", direct: true },
    { server: "https://[::1]:6443", noProxy: "", direct: true },
    { server: "https://api.example", noProxy: "*", direct: true },
    { server: "https://api.example", noProxy: "other, api.example", direct: true },
    { server: "https://api.example", noProxy: "API.Example", direct: true },
    { server: "https://api.example", noProxy: "example", direct: true },
    { server: "https://api.example", noProxy: ".example", direct: true },
    { server: "https://api.example", noProxy: "*.example", direct: true },
    { server: "https://example", noProxy: "example", direct: true },
    { server: "https://example", noProxy: ".example", direct: false },
    { server: "https://example", noProxy: "*.example", direct: false },
    { server: "https://api.example", noProxy: "ample", direct: false },
    { server: "https://api.example", noProxy: "other,,", direct: false },
    { server: "https://api.example:6443", noProxy: "api.example:6443", direct: true },
    { server: "https://api.example", noProxy: "api.example:443", direct: true },
    { server: "https://api.example:6443", noProxy: "api.example:443", direct: false },
    { server: "https://10.96.0.1:443", noProxy: "10.96.0.1", direct: true },
    { server: "https://10.96.0.1:443", noProxy: "10.96.0.1:443", direct: true },
    { server: "https://10.96.0.1:443", noProxy: "10.96.0.1:6443", direct: false },
    { server: "https://10.96.0.1:443", noProxy: "10.0.0.0/8", direct: true },
    { server: "https://11.96.0.1:443", noProxy: "10.0.0.0/8", direct: false },
    { server: "https://10.96.0.1:443", noProxy: "10.0.0.0/99,10/8,x/8,10.96.0.2", direct: false },
    { server: "https://10.96.0.1:443", noProxy: "0.1", direct: false },
    { server: "https://[fd00::1]:6443", noProxy: "fd00::1", direct: true },
    { server: "https://[fd00::1]:6443", noProxy: "[fd00::1]:6443", direct: true },
    { server: "https://[fd00::1]:6443", noProxy: "[fd00::1]:443", direct: false },
    { server: "https://[fd00::1]:6443", noProxy: "fd00::/8", direct: true },
    { server: "https://[fd00::1]:6443", noProxy: "10.0.0.0/8", direct: false },
    { server: "https://api.example", noProxy: "10.0.0.0/8", direct: false },
    { server: "https://xn--bcher-kva.example", noProxy: ".bücher.example,bücher.example", direct: true },
  ])("$server with NO_PROXY '$noProxy' goes direct: $direct", ({ server, noProxy, direct }) => {
    expect(proxyFor(server, { HTTPS_PROXY: "http://p:1", NO_PROXY: noProxy })).toBe(direct ? "none" : "http://p:1");
  });
});

test("proxyVariables takes what concerns proxies out of an environment", () => {
  const mine = { HTTPS_PROXY: "a", https_proxy: "b", HTTP_PROXY: "e", http_proxy: "f", NO_PROXY: "c", no_proxy: "d" };
  expect(proxyVariables({ ...mine, HOME: "/" })).toEqual(mine);
  expect(proxyVariables({})).toEqual({});
});
