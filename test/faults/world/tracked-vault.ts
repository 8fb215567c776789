// The rig's Vault as an administrator, with each write to KV v2 told to the oracle.

import { isRecord, valueAt } from "../../testbed/json.ts";
import type { VaultServer } from "../../testbed/vault-server.ts";
import type { RemoteHistory } from "../oracle/remote-history.ts";

/** `MOUNT/data/PATH` of Vault's API: KV v2, "Create/Update secret". */
const DATA_PATH = /^([^/]+)\/data\/(.+)$/;

export function trackedVault(vault: VaultServer, remotes: RemoteHistory): VaultServer {
  return {
    ...vault,
    async putSecret(mount, path, values) {
      const version = await vault.putSecret(mount, path, values);
      remotes.put(`${mount}/${path}`, version, values);
      return version;
    },
    async write(path, body) {
      const answer = await vault.write(path, body);
      const [, mount, name] = DATA_PATH.exec(path) ?? [];
      const values = valueAt(body, "data");
      if (mount !== undefined && name !== undefined && isRecord(values)) {
        remotes.put(`${mount}/${name}`, Number(valueAt(answer, "data", "version")), values);
      }
      return answer;
    },
  };
}
