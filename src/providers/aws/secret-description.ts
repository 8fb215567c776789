// What DescribeSecret says of a secret, none of which is its value: which version a stage names, whether it is scheduled
// for deletion, its tags.

import { createHash } from "node:crypto";
import type { DescribeSecretCommandOutput } from "@aws-sdk/client-secrets-manager";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteSecret, RemoteVersion } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { unexpectedAnswer } from "./map-error.ts";
import { CURRENT_STAGE, type VersionChoice } from "./secret-target.ts";

export type Description = DescribeSecretCommandOutput;

/**
 * The version that is chosen. Undefined: an id that no stage names, of which a description says nothing. Versions are
 * never written again, so that their id names their content.
 */
export function versionIn(
  description: Description,
  choice: VersionChoice,
): Result<RemoteVersion | undefined, ProviderError> {
  if (description.ARN === undefined) return failed(unexpectedAnswer());
  if (description.DeletedDate !== undefined) return failed(scheduledForDeletion());
  const versions = Object.entries(description.VersionIdsToStages ?? {});
  if (choice.kind === "id") {
    return ok(versions.some(([id]) => id === choice.id) ? secretVersion(choice.id, undefined) : undefined);
  }
  const id = versions.find(([, stages]) => stages.includes(choice.stage))?.[0];
  return id === undefined ? failed(missingVersion(choice)) : ok(secretVersion(id, undefined));
}

export function secretVersion(id: string, created: Date | undefined): RemoteVersion {
  return { identity: id, display: id, createdTime: created?.toISOString() };
}

/** Tags and description change without a version: date of the last change and digest are part of the identity. */
export function metadataOf(description: Description): Result<RemoteSecret, ProviderError> {
  const current = versionIn(description, { kind: "stage", stage: CURRENT_STAGE });
  if (!current.ok && current.error.kind !== "versionNotFound") return current;
  const id = (current.ok ? current.value?.identity : undefined) ?? "";
  const document = metadataDocument(description);
  const digest = createHash("sha256").update(document).digest("hex");
  const changed = description.LastChangedDate?.toISOString();
  return ok({
    form: "document",
    payload: SecretValue.ofUtf8(document),
    version: { identity: [id, changed, digest].join("@"), display: id, createdTime: undefined },
  });
}

/** Tags by their key; the description too, unless a tag has its name. */
function metadataDocument({ Description: description, Tags: tags = [] }: Description): string {
  const entries = tags.map(({ Key, Value }): readonly [string, string] => [Key ?? "", Value ?? ""]);
  return JSON.stringify(Object.fromEntries([...(description ? [["description", description]] : []), ...entries]));
}

export function scheduledForDeletion(): ProviderError {
  return providerError("deleted", "the secret is scheduled for deletion (it can be restored)");
}

export function missingVersion(choice: VersionChoice): ProviderError {
  if (choice.kind === "id") return providerError("versionNotFound", "no version has this id");
  const detail = choice.stage === CURRENT_STAGE ? "it has no value yet" : "no version with a value has this stage";
  return providerError("versionNotFound", detail);
}
