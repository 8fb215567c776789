// A call of the SDK with the session's keys, as a value: keys that AWS takes no more are replaced once. The SDK is given
// everything that it would else look for in files, in the environment or in the metadata of the machine.

import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { AwsStoreSpec } from "../../core/spec/secret-store.ts";
import { abortedRequest } from "../http/transport.ts";
import type { AwsConnection } from "./connection.ts";
import { areSameKeys, sdkIdentity, type SdkIdentity } from "./credentials.ts";
import { AwsFailure, unexpectedAnswer } from "./map-error.ts";
import { createRequestHandler, type SdkCallOptions } from "./request-handler.ts";
import type { AwsSession } from "./session.ts";

export interface AwsApi {
  /** `send` passes its options on to the client's `send`. */
  call<T>(send: (options: SdkCallOptions) => Promise<T>, signal: AbortSignal): Promise<Result<T, ProviderError>>;
}

export function createAwsApi(session: AwsSession): AwsApi {
  return {
    call: async (send, signal) => {
      const keys = await session.credentials(signal);
      if (!keys.ok) return keys;
      const answer = await attempt(send, signal);
      if (answer.ok || answer.error.kind !== "unauthenticated") return answer;
      const other = await session.replace(keys.value, signal);
      if (!other.ok) return other;
      return areSameKeys(keys.value, other.value) ? answer : attempt(send, signal);
    },
  };
}

async function attempt<T>(
  send: (options: SdkCallOptions) => Promise<T>,
  signal: AbortSignal,
): Promise<Result<T, ProviderError>> {
  try {
    return ok(await send({ abortSignal: signal }));
  } catch (cause) {
    if (signal.aborted) return failed(abortedRequest());
    // Whatever else the SDK throws is about an answer with a good status that it cannot read.
    return failed(cause instanceof AwsFailure ? cause.error : unexpectedAnswer());
  }
}

const silent = (): void => undefined;

/** Options that all clients share. */
export function clientOptions(
  { region, endpoint }: Pick<AwsStoreSpec, "region" | "endpoint">,
  connection: AwsConnection,
  session: AwsSession,
) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: currentIdentity(session),
    requestHandler: createRequestHandler(connection),
    // Limiter and backoff are ours.
    maxAttempts: 1,
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    defaultUserAgentProvider: () => Promise.resolve([["fairlead", "1"]] satisfies [string, string][]),
    ...settledSettings,
  };
}

/** What is not said here is read from the environment and from ~/.aws/config. */
const settledSettings = {
  retryMode: "standard" as const,
  defaultsMode: "standard" as const,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  userAgentAppId: "fairlead",
  authSchemePreference: ["sigv4"],
  ignoreConfiguredEndpointUrls: true,
  disableClockSkewCorrection: true,
} satisfies Readonly<Record<string, unknown>>;

/** `memoized`: asked for each request, and kept by nobody but the session. */
function currentIdentity(session: AwsSession): (() => Promise<SdkIdentity>) & { readonly memoized: true } {
  const identity = (): Promise<SdkIdentity> => {
    const keys = session.current;
    return keys === undefined
      ? Promise.reject(new Error("the session has no keys"))
      : Promise.resolve(sdkIdentity(keys));
  };
  return Object.assign(identity, { memoized: true as const });
}
