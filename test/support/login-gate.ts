// Holds logins back where they begin, at the credentials: so that a test decides who waits for the same one.

import type { CredentialReader } from "../../src/core/provider/credentials.ts";

export class LoginGate {
  #opened: PromiseWithResolvers<void> | undefined;

  /** Logins that begin from now on wait until `release`. */
  hold(): void {
    this.#opened = Promise.withResolvers();
  }

  release(): void {
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  /** The reader, behind the gate. */
  before(reader: CredentialReader): CredentialReader {
    return {
      ...reader,
      readSecretKey: async (ref, signal) => {
        await this.#opened?.promise;
        return reader.readSecretKey(ref, signal);
      },
      requestToken: async (ref, audience, signal) => {
        await this.#opened?.promise;
        return reader.requestToken(ref, audience, signal);
      },
    };
  }
}
