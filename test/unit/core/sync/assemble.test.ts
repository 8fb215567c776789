import { expect, test } from "vitest";
import { failed } from "../../../../src/core/result.ts";
import type { Source } from "../../../../src/core/spec/external-secret.ts";
import { assemble, type SourceRead } from "../../../../src/core/sync/assemble.ts";
import { entryId, entryText } from "../../../../src/core/sync/entries.ts";

function source(secretKey: string, metadataPolicy: "None" | "Fetch"): Source {
  const remoteRef = {
    key: "app/db",
    version: undefined,
    property: secretKey,
    metadataPolicy,
    conversionStrategy: "Default",
    decodingStrategy: "None",
    nullBytePolicy: "Ignore",
  } as const;
  return { kind: "data", store: { kind: "SecretStore", name: "vault" }, secretKey, remoteRef };
}

const absent = failed({ reason: "SecretNotFound", message: "gone", isAbsent: true } as const);
const denied = failed({ reason: "AccessDenied", message: "denied", isAbsent: false } as const);
const first = source("a", "None");
const second = source("b", "Fetch");
const leaveOut = new Set([entryText(entryId(first))]);

test.each([
  { given: "both absent", reads: [absent, absent], then: [] },
  { given: "the second denied", reads: [absent, denied], then: ["AccessDenied"] },
  { given: "the first denied", reads: [denied, absent], then: ["AccessDenied"] },
] as const)("an entry of two sources, left out, with $given fails with $then", ({ reads, then }) => {
  const both: readonly SourceRead[] = [
    { source: first, reading: reads[0] },
    { source: second, reading: reads[1] },
  ];
  expect(assemble(both, leaveOut, { showsNames: true }).failures.map(({ failure }) => failure.reason)).toEqual(then);
});
