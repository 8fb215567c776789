// Bugs in what is made of a store's answers.

import { providerError } from "../../../src/core/provider/error.ts";
import type { SecretProvider } from "../../../src/core/provider/port.ts";
import { failed, ok } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import { PROPERTIES } from "../blueprint.ts";

const BLANK = JSON.stringify(Object.fromEntries(PROPERTIES.map((property) => [property, ""])));

/** An error of the store is taken for empty values. */
export function blanksOnError(provider: SecretProvider): SecretProvider {
  return {
    ...provider,
    async readSecrets(refs, signal) {
      const answers = await provider.readSecrets(refs, signal);
      const version = { identity: "none", display: "0", createdTime: undefined };
      const blank = () => ok({ form: "document" as const, payload: SecretValue.ofUtf8(BLANK), version });
      return new Map([...answers].map(([id, answer]) => [id, answer.ok ? answer : blank()]));
    },
  };
}

/** Whatever the store says, if it gives no value, there is none. */
export function takesErrorsForAbsence(provider: SecretProvider): SecretProvider {
  return {
    ...provider,
    async readSecrets(refs, signal) {
      const answers = await provider.readSecrets(refs, signal);
      const absent = failed(providerError("notFound", "the key is not there"));
      return new Map([...answers].map(([id, answer]) => [id, answer.ok ? answer : absent]));
    },
  };
}
