// A provider over a map: each key holds fields at a version, or an error. Reads are counted.

import { providerError, type ProviderError, type ProviderErrorKind } from "../../src/core/provider/error.ts";
import { type RemoteRef, remoteRefId, type RemoteSecret, type SecretProvider } from "../../src/core/provider/port.ts";
import { failed, ok, type Result } from "../../src/core/result.ts";
import { SecretValue } from "../../src/core/secret-value.ts";

type Kept = { readonly version: number; readonly fields: Readonly<Record<string, string>> } | ProviderErrorKind;

export class FakeProvider implements SecretProvider {
  readonly kept = new Map<string, Kept>();
  /** Set: everything fails so. */
  outage: ProviderErrorKind | undefined;
  /** What `validate` says lies behind the store. */
  backend: string | undefined = "mount-1";
  reads = 0;
  closed = 0;

  put(key: string, version: number, fields: Readonly<Record<string, string>>): void {
    this.kept.set(key, { version, fields });
  }

  readVersions(): ReturnType<SecretProvider["readVersions"]> {
    return Promise.resolve(new Map());
  }

  readSecrets(refs: readonly RemoteRef[]): ReturnType<SecretProvider["readSecrets"]> {
    this.reads += 1;
    return Promise.resolve(new Map(refs.map((ref) => [remoteRefId(ref), this.#read(ref.key)])));
  }

  find({ name }: Parameters<SecretProvider["find"]>[0]): ReturnType<SecretProvider["find"]> {
    if (this.outage !== undefined) return Promise.resolve(failed(error(this.outage)));
    return Promise.resolve(ok([...this.kept.keys()].filter((key) => name?.test(key) ?? true).sort()));
  }

  validate: SecretProvider["validate"] = () => {
    if (this.outage !== undefined) return Promise.resolve(failed(error(this.outage)));
    return Promise.resolve(ok({ capabilities: "ReadOnly", backendIdentity: this.backend, notes: [] }));
  };

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }

  #read(key: string): Result<RemoteSecret, ProviderError> {
    const kept = this.outage ?? this.kept.get(key) ?? "notFound";
    if (typeof kept === "string") return failed(error(kept));
    const version = { identity: `${kept.version}@t`, display: `${kept.version}`, createdTime: undefined };
    return ok({ form: "document", payload: SecretValue.ofUtf8(JSON.stringify(kept.fields)), version });
  }
}

function error(kind: ProviderErrorKind): ProviderError {
  return providerError(kind, `the fake says ${kind}`);
}
