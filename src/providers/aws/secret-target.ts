// What a reference of an ExternalSecret means at Secrets Manager: a name or an ARN, and a version or a stage of it.
// References that could never be meant are refused before any request is made.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteRef } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { AwsStoreSpec } from "../../core/spec/secret-store.ts";

/** Which version: by its id, or by a label that moves. */
export type VersionChoice =
  { readonly kind: "id"; readonly id: string } | { readonly kind: "stage"; readonly stage: string };

export interface SecretTarget {
  /** Name or ARN, as AWS takes it. */
  readonly secretId: string;
  readonly version: VersionChoice;
  readonly isMetadata: boolean;
}

export const CURRENT_STAGE = "AWSCURRENT";
const CURRENT: VersionChoice = { kind: "stage", stage: CURRENT_STAGE };
/** CreateSecret, parameter Name; `!` stands in names that AWS services give. */
const NAME = /^[-A-Za-z0-9/_+=.@!]{1,512}$/;
const ARN = /^arn:aws[-a-z]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[-A-Za-z0-9/_+=.@!]{1,519}$/;
/** GetSecretValue, parameter VersionId. */
const VERSION_ID = /^[-A-Za-z0-9]{32,64}$/;
/** GetSecretValue, parameter VersionStage. */
const MAX_STAGE = 256;
/** As External Secrets Operator writes them. */
const ID_PREFIX = "uuid/";

type Place = Pick<AwsStoreSpec, "prefix" | "region">;

export function secretTarget(place: Place, ref: RemoteRef): Result<SecretTarget, ProviderError> {
  const secretId = idOf(place, ref.key);
  if (!secretId.ok) return secretId;
  const isMetadata = ref.metadataPolicy === "Fetch";
  if (isMetadata && ref.version !== undefined) return invalid("metadata has no versions: remove version");
  const version = ref.version === undefined ? ok(CURRENT) : versionChoice(ref.version);
  return version.ok ? ok({ secretId: secretId.value, version: version.value, isMetadata }) : version;
}

function idOf({ prefix, region }: Place, key: string): Result<string, ProviderError> {
  if (!key.startsWith("arn:")) {
    const name = `${prefix}${key}`;
    return NAME.test(name) ? ok(name) : invalid("a name has up to 512 letters, digits and '/_+=.@-!'");
  }
  const arn = ARN.exec(key);
  if (arn === null) return invalid("it is not the ARN of a secret");
  if (prefix !== "") return invalid("a store with a prefix takes names, no ARNs");
  return arn[1] === region ? ok(key) : invalid(`the ARN is of another region than the store (${region})`);
}

function versionChoice(version: string): Result<VersionChoice, ProviderError> {
  if (version.startsWith(ID_PREFIX)) {
    const id = version.slice(ID_PREFIX.length);
    return VERSION_ID.test(id)
      ? ok({ kind: "id", id })
      : invalid("a version id is uuid/ and 32 to 64 letters and digits");
  }
  const isStage = version.length <= MAX_STAGE && /^[^\p{C}]+$/u.test(version);
  return isStage
    ? ok({ kind: "stage", stage: version })
    : invalid("a stage has up to 256 characters, all of which print");
}

export function invalid(detail: string): Result<never, ProviderError> {
  return failed(providerError("invalidReference", detail));
}
