import ts from "typescript";
import { expect, test } from "vitest";
import { nodesOf, operatorSources, PARSING_MS, type SourceFile, sourceFile } from "./source-file.ts";

/** The files in which a SecretValue becomes plain again, how, and why. A new line here needs the same reason in review. */
const exits: Readonly<Record<string, readonly string[]>> = {
  // Credentials on their way to the API server.
  "src/kubernetes/proxy-tunnel.ts": ["revealBytes"],
  "src/kubernetes/request-head.ts": ["revealUtf8"],
  "src/kubernetes/tls-options.ts": ["revealBytes"],
  // Credentials on their way to the store, and the CA that a Secret may hold.
  "src/providers/aws/credentials.ts": ["revealUtf8"],
  "src/providers/aws/login.ts": ["revealUtf8"],
  "src/providers/aws/platform-identity.ts": ["revealUtf8"],
  "src/providers/aws/sts.ts": ["revealUtf8"],
  "src/providers/azure/authorized.ts": ["revealUtf8"],
  "src/providers/azure/credential.ts": ["revealUtf8"],
  "src/providers/azure/login.ts": ["revealUtf8"],
  "src/providers/http/connection-pools.ts": ["revealBytes"],
  "src/providers/vault/credential.ts": ["revealUtf8"],
  "src/providers/vault/login-call.ts": ["revealUtf8"],
  "src/providers/vault/tls-material.ts": ["revealUtf8", "revealBytes"],
  "src/providers/vault/vault-api.ts": ["revealUtf8"],
  // Selection and decoding, byte by byte, which end in a SecretValue again.
  "src/core/value/decode-value.ts": ["revealBytes"],
  "src/core/value/parse-payload.ts": ["revealBytes"],
  // The Secret body.
  "src/core/sync/plan-secret.ts": ["toBase64"],
};

const EXIT_NAMES: readonly string[] = ["revealUtf8", "revealBytes", "toBase64"];

/** Names of the exits that the file uses, as a call or as a value, by a dot or in brackets. */
function exitsOf(file: SourceFile): string[] {
  const used = nodesOf(file.tree).flatMap((node) => {
    if (ts.isPropertyAccessExpression(node)) return [node.name.text];
    if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression)) {
      return [node.argumentExpression.text];
    }
    if (ts.isBindingElement(node)) return [(node.propertyName ?? node.name).getText()];
    return [];
  });
  return EXIT_NAMES.filter((name) => used.includes(name));
}

test(
  "a secret becomes plain only in the files of the allow-list, and every line of the list is needed",
  {
    timeout: PARSING_MS,
  },
  () => {
    const found = operatorSources().map((file) => [file.path, exitsOf(file)] as const);
    expect(Object.fromEntries(found.filter(([, names]) => names.length > 0))).toEqual(exits);
  },
);

test.each([
  { text: "value.revealUtf8();", names: ["revealUtf8"] },
  { text: "value?.revealBytes();", names: ["revealBytes"] },
  { text: "list.map((value) => value.toBase64());", names: ["toBase64"] },
  { text: "const reveal = value.revealUtf8;", names: ["revealUtf8"] },
  { text: 'value["revealUtf8"]();', names: ["revealUtf8"] },
  { text: "const { revealUtf8: plain } = SecretValue.prototype;", names: ["revealUtf8"] },
  { text: "// value.revealUtf8() would be wrong here", names: [] },
  { text: 'const text = "revealUtf8()";', names: [] },
])("finds in $text: $names", ({ text, names }) => {
  expect(exitsOf(sourceFile("src/core/a.ts", text))).toEqual(names);
});
