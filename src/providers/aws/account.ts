// Which account lies behind a session. Keys of another account find nothing where there was something: what is absent
// there counts only when the account is known, and is the one that the store had before.

import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { AwsSession } from "./session.ts";
import type { Sts } from "./sts.ts";

export interface Account {
  readonly isKnown: boolean;
  /** Asks STS where the login did not say. Fails only if the keys are not accepted. */
  ask(signal: AbortSignal): Promise<Result<Backend, ProviderError>>;
}

export interface Backend {
  /** Undefined: STS did not tell. */
  readonly identity: string | undefined;
  readonly notes: readonly string[];
}

const UNKNOWN = "STS did not say which account this is: what is absent is reported, and nothing is deleted for it";

export function createAccount(
  session: Pick<AwsSession, "credentials">,
  sts: Pick<Sts, "accountOf">,
  region: string,
): Account {
  let known: string | undefined;
  return {
    get isKnown() {
      return known !== undefined;
    },
    ask: async (signal) => {
      const keys = await session.credentials(signal);
      if (!keys.ok) return keys;
      const told =
        keys.value.accountId === undefined ? await sts.accountOf(keys.value, signal) : ok(keys.value.accountId);
      if (!told.ok && told.error.kind === "unauthenticated") return failed(told.error);
      known = told.ok ? told.value : known;
      const identity = known === undefined ? undefined : `aws/${known}/${region}`;
      return ok({ identity, notes: known === undefined ? [UNKNOWN] : [] });
    },
  };
}
