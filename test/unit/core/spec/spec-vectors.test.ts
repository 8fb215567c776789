// The parsers against the table that test/integration/admission.test.ts runs on the real API server.

import { expect, test } from "vitest";
import { parseExternalSecret } from "../../../../src/core/spec/parse-external-secret.ts";
import { parseSecretStore } from "../../../../src/core/spec/parse-secret-store.ts";
import { unknownFields } from "../../../../src/core/spec/unknown-fields.ts";
import { ACCEPTED, type Manifest } from "../../../support/spec-vector.ts";
import { specVectors } from "../../../support/spec-vectors.ts";

function verdictOf(object: Manifest): string {
  const wire: unknown = JSON.parse(JSON.stringify(object));
  const { kind } = object;
  const record = kind === "ExternalSecret" ? parseExternalSecret(wire) : parseSecretStore(wire, kind);
  if (!record.ok) return `no record: ${record.error.message}`;
  return record.value.spec.ok ? ACCEPTED : `${record.value.spec.error.path}: ${record.value.spec.error.message}`;
}

test.each(specVectors)("the parser's verdict is that of admission: $name", ({ object, verdict, parserVerdict }) => {
  expect(verdictOf(object)).toContain(parserVerdict ?? verdict);
});

test.each(specVectors)("no field of the table is unknown: $name", ({ object }) => {
  expect(unknownFields(object, object.kind)).toEqual([]);
});

test("the names of the table are unique", () => {
  expect(new Set(specVectors.map(({ name }) => name)).size).toBe(specVectors.length);
});
