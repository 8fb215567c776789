// What the operator's pod was given to log in as itself: token files, and the variables that a cloud's platform sets.

import { readFile } from "node:fs/promises";
import { isCloudVariable } from "../config/cloud-variables.ts";
import type { Environment } from "../config/config.ts";
import type { OperatorIdentity } from "../core/provider/credentials.ts";
import { SecretValue } from "../core/secret-value.ts";

export function operatorIdentityOf(env: Environment): OperatorIdentity {
  return {
    variable: (name) => (isCloudVariable(name) ? env[name] || undefined : undefined),
    readFile: readToken,
  };
}

/** Undefined: there is no such file, which the store's status then says. */
export async function readToken(path: string, signal?: AbortSignal): Promise<SecretValue | undefined> {
  try {
    const bytes = await readFile(path, { signal });
    return SecretValue.ofBytes(bytes.subarray(0, bytes.toString("latin1").trimEnd().length));
  } catch {
    return undefined;
  }
}
