// What is wrong with the objects of a manifest, by the parsers of the operator and what the API server would refuse.
// Brings the YAML library and all parsers along, so it is itself to be imported only when there is a file to check.

import type { Result } from "../core/result.ts";
import { parseExternalSecret } from "../core/spec/parse-external-secret.ts";
import { parseSecretStore } from "../core/spec/parse-secret-store.ts";
import type { SpecError } from "../core/spec/records.ts";
import { unknownFields } from "../core/spec/unknown-fields.ts";
import { recordOf, textOf } from "../core/unknown.ts";
import { type ManifestObject, readManifest } from "./manifest.ts";

export interface Verdict {
  readonly checked: number;
  readonly skipped: number;
  readonly problems: readonly string[];
}

/** `file` is the name that problems give; `problems` are lines without a newline, in the order of the file. */
export function checkManifest(text: string, file: string): Verdict {
  const manifest = readManifest(text);
  const ours = manifest.objects.filter(isOurs);
  return {
    checked: ours.length,
    skipped: manifest.objects.length - ours.length,
    problems: [
      ...manifest.problems.map(({ line, message }) => `${file}:${line} ${message}`),
      ...ours.flatMap((object) => problemsOf(object, file)),
    ],
  };
}

const GROUP = "fairlead.dev";

function isOurs({ raw }: ManifestObject): boolean {
  return textOf(recordOf(raw)["apiVersion"])?.split("/", 1)[0] === GROUP;
}

/** One line per problem, in the order of the file. */
function problemsOf(object: ManifestObject, file: string): string[] {
  const subject = subjectOf(object.raw);
  return specErrors(object.raw)
    .map((error) => ({ ...error, line: object.lineOf(error.path) }))
    .sort((a, b) => a.line - b.line)
    .map(({ path, message, line }) => `${file}:${line} ${subject}: ${path}: ${message}`);
}

function subjectOf(raw: unknown): string {
  const { kind, metadata } = recordOf(raw);
  const { namespace, name } = recordOf(metadata);
  const fullName = [namespace, name].map(textOf).filter((part) => part !== undefined);
  return [textOf(kind) ?? "object", fullName.join("/")].join(" ").trim();
}

function specErrors(raw: unknown): readonly SpecError[] {
  const { apiVersion, kind } = recordOf(raw);
  if (apiVersion !== `${GROUP}/v1`) return [{ path: "apiVersion", message: `must be ${GROUP}/v1` }];
  switch (kind) {
    case "ExternalSecret":
      return [...unknownErrors(raw, kind), ...recordErrors(parseExternalSecret(raw))];
    case "SecretStore":
    case "ClusterSecretStore":
      return [...unknownErrors(raw, kind), ...recordErrors(parseSecretStore(raw, kind))];
    default:
      return [{ path: "kind", message: "must be ExternalSecret, SecretStore or ClusterSecretStore" }];
  }
}

function unknownErrors(raw: unknown, kind: Parameters<typeof unknownFields>[1]): SpecError[] {
  return unknownFields(raw, kind).map((path) => ({ path, message: "unknown field" }));
}

function recordErrors(record: Result<{ readonly spec: Result<unknown, SpecError> }, SpecError>): SpecError[] {
  if (!record.ok) return [record.error];
  return record.value.spec.ok ? [] : [record.value.spec.error];
}
