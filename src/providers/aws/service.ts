// What a service of AWS must do to stand behind a store: the port without its session.

import type { ProviderError } from "../../core/provider/error.ts";
import type { SecretProvider } from "../../core/provider/port.ts";
import type { Result } from "../../core/result.ts";
import type { AwsStoreSpec } from "../../core/spec/secret-store.ts";
import type { AwsApi } from "./aws-api.ts";
import type { AwsConnection } from "./connection.ts";
import type { AwsSession } from "./session.ts";

export interface AwsService extends Pick<SecretProvider, "readVersions" | "readSecrets" | "find"> {
  /** A real call. A denial is an answer: the login works. */
  probe(signal: AbortSignal): Promise<Result<void, ProviderError>>;
  /** What a store's status may say of it. */
  notes(): readonly string[];
}

export interface ServiceDeps {
  readonly spec: AwsStoreSpec;
  readonly api: AwsApi;
  readonly connection: AwsConnection;
  readonly session: AwsSession;
  /** True: the account behind the session was seen, so that an absence counts. */
  readonly isAccountKnown: () => boolean;
}
