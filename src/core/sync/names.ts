// Names that Fairlead writes on objects, and the field manager it writes under.

import { createHash } from "node:crypto";

export const API_GROUP = "fairlead.dev";
export const API_VERSION = "fairlead.dev/v1";

/** On every Secret that we write to: our metadata watch selects it. */
export const MANAGED_LABEL = "fairlead.dev/managed";
/** The mark: names the ExternalSecret that made the Secret (Owner and Orphan). */
export const MARK_ANNOTATION = "fairlead.dev/external-secret";
/** Set by a person on a Secret that we did not make: names the ExternalSecret that may take it over. */
export const ADOPT_ANNOTATION = "fairlead.dev/adopt";
/** On Secrets that we create. */
export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
export const MANAGED_BY = "fairlead";

/** The API server refuses longer field managers (apimachinery, ValidateFieldManager). */
const FIELD_MANAGER_MAX = 128;

/** One field manager per ExternalSecret, so that two of them never own a key in silence. */
export function fieldManager(externalSecretName: string): string {
  const plain = `fairlead/${externalSecretName}`;
  if (plain.length <= FIELD_MANAGER_MAX) return plain;
  return `fairlead/${createHash("sha256").update(externalSecretName).digest("hex")}`;
}
