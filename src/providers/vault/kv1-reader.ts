// KV version 1: a key has one value and no version, so content is its own identity.

import type { ProviderError } from "../../core/provider/error.ts";
import type { RemoteRef } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import { type KvPath, requestPath, resolveKey } from "./key-path.ts";
import { errorOfRead, invalidReference, type KvDeps, type KvReader } from "./kv-reader.ts";

export function createKv1Reader(deps: KvDeps): KvReader {
  return {
    /** Asks nobody: only a read tells whether something changed. */
    readVersion: (ref) => {
      const place = placeOf(deps.spec, ref);
      return Promise.resolve(place.ok ? ok(undefined) : place);
    },
    readSecret: async (ref, signal) => {
      const place = placeOf(deps.spec, ref);
      if (!place.ok) return place;
      const exchange = await deps.api.read(requestPath(place.value.mount, place.value.key), signal);
      if (!exchange.ok) return exchange;
      const reply = exchange.value;
      const data = reply.at("data");
      if (reply.status !== 200 || data?.kind !== "object") {
        return failed(await errorOfRead(deps, place.value, reply, signal));
      }
      const payload = reply.secretDocument(data);
      reply.wipe();
      await deps.mounts.remember(place.value.mount, signal);
      return ok({ form: "document", payload, version: undefined });
    },
  };
}

function placeOf(spec: VaultStoreSpec, ref: RemoteRef): Result<KvPath, ProviderError> {
  if (ref.version !== undefined) return invalidReference("KV version 1 has no versions: remove version");
  if (ref.metadataPolicy === "Fetch") return invalidReference("KV version 1 has no metadata: remove metadataPolicy");
  return resolveKey(spec, ref.key);
}
