// What a reference of an ExternalSecret means at Parameter Store: a name or an ARN, and a version or label of it.

import type { ProviderError } from "../../core/provider/error.ts";
import type { RemoteRef } from "../../core/provider/port.ts";
import { ok, type Result } from "../../core/result.ts";
import type { AwsStoreSpec } from "../../core/spec/secret-store.ts";
import { invalid } from "./secret-target.ts";

export interface ParameterTarget {
  /** Name or ARN. */
  readonly name: string;
  /** With `:VERSION` or `:LABEL` behind the name, as GetParameter takes it. */
  readonly selected: string;
  readonly isMetadata: boolean;
}

/** PutParameter, parameter Name. */
const NAME = /^[-A-Za-z0-9_./]{1,1011}$/;
const ARN = /^arn:aws[-a-z]*:ssm:([a-z0-9-]+):\d{12}:parameter\/[-A-Za-z0-9_./]{1,1011}$/;
const NUMBER = /^[1-9]\d{0,9}$/;
/** LabelParameterVersion, parameter Labels. */
const LABEL = /^[A-Za-z_][-A-Za-z0-9_.]{0,99}$/;

export function parameterTarget(
  place: Pick<AwsStoreSpec, "prefix" | "region">,
  { key, version, metadataPolicy }: RemoteRef,
): Result<ParameterTarget, ProviderError> {
  const name = nameOf(place, key);
  if (!name.ok) return name;
  const isMetadata = metadataPolicy === "Fetch";
  if (isMetadata && version !== undefined) return invalid("metadata has no versions: remove version");
  const isVersion = version === undefined || NUMBER.test(version) || LABEL.test(version);
  if (!isVersion) return invalid("a version of a parameter is a whole number from 1 on, or a label");
  const selected = version === undefined ? name.value : `${name.value}:${version}`;
  return ok({ name: name.value, selected, isMetadata });
}

function nameOf(
  { prefix, region }: Pick<AwsStoreSpec, "prefix" | "region">,
  key: string,
): Result<string, ProviderError> {
  if (!key.startsWith("arn:")) {
    const name = `${prefix}${key}`;
    return NAME.test(name) ? ok(name) : invalid("a parameter has a name of letters, digits and '_./-'");
  }
  const arn = ARN.exec(key);
  if (arn === null) return invalid("it is not the ARN of a parameter");
  if (prefix !== "") return invalid("a store with a prefix takes names, no ARNs");
  return arn[1] === region ? ok(key) : invalid(`the ARN is of another region than the store (${region})`);
}
