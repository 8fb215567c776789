// Which addresses count as link-local or as those of a metadata service, in all the ways to write them.

import { expect, test } from "vitest";
import { isMetadataAddress } from "../../../../src/providers/http/metadata-address.ts";

test.each([
  "169.254.169.254",
  "169.254.0.0",
  "169.254.255.255",
  "169.254.170.23",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
  "[fe80::1]",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "168.63.129.16",
  "100.100.100.200",
  "metadata.google.internal",
  "Metadata.Google.Internal.",
  "instance-data.ec2.internal",
])("%s is one", (host) => {
  expect(isMetadataAddress(host)).toBe(true);
});

// What a URL makes of the number: nothing but the canonical form reaches the check.
test.each(["http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://169.254.43518/"])(
  "%s is one, as a URL reads it",
  (url) => {
    expect(isMetadataAddress(new URL(url).hostname)).toBe(true);
  },
);

test.each([
  "127.0.0.1",
  "::1",
  "10.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "fec0::1",
  "fd00::1",
  "64:ff9b::a00:1",
  "vault.example",
  "metadata.example",
  "169.254.169.254.example",
  "",
])("%s is none", (host) => {
  expect(isMetadataAddress(host)).toBe(false);
});
