// The tokens that logins of a team have left in Vault.

import type { Team } from "../../integration/support/team.ts";
import { SERVICE_ACCOUNT } from "../../integration/support/team.ts";
import { listAt, valueAt } from "../../testbed/json.ts";
import type { Rig } from "../../testbed/rig.ts";

/** How many of them are valid now. */
export async function livingTokens(
  { vault }: Pick<Rig, "vault">,
  { namespace }: Pick<Team, "namespace">,
): Promise<number> {
  const accessors = listAt((await vault.request("LIST", "auth/token/accessors")).body, "data", "keys").map(String);
  const names = await Promise.all(
    accessors.map(async (accessor) => {
      const found = await vault.request("PUT", "auth/token/lookup-accessor", { accessor });
      return valueAt(found.body, "data", "display_name");
    }),
  );
  return names.filter((name) => name === `kubernetes-${namespace}-${SERVICE_ACCOUNT}`).length;
}
