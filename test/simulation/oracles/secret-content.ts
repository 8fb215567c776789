// What can be said of one Secret by itself: its decoded data, and whose it is.

import { textMap } from "../cluster/merge-patch.ts";
import type { Revision } from "../cluster/revision.ts";
import { oncePerObject } from "../once-per-object.ts";

const MARK = "fairlead.dev/external-secret";
const ADOPT = "fairlead.dev/adopt";

const NO_DATA: ReadonlyMap<string, string> = new Map();

const decoded = oncePerObject(({ value }: Revision): ReadonlyMap<string, string> => {
  const encoded = Object.entries(textMap(value["data"]));
  return new Map(encoded.map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
});

export function dataOf(secret: Revision | undefined): ReadonlyMap<string, string> {
  return secret === undefined ? NO_DATA : decoded(secret);
}

export function controllerUid({ meta }: Revision): string | undefined {
  const controller = meta.ownerReferences.find((owner) => owner["controller"] === true);
  return controller === undefined ? undefined : String(controller["uid"]);
}

/** May the ExternalSecret with this name and one of these uids hold the Secret alone? (api.md, Ownership) */
export function isHeldBy(secret: Revision, name: string, uids: ReadonlySet<string>): boolean {
  const controller = controllerUid(secret);
  if (controller !== undefined) return uids.has(controller);
  const { annotations } = secret.meta;
  return annotations[MARK] === name || annotations[ADOPT] === name;
}
