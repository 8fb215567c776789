// A Secret as the checks see it: who it belongs to, and what it holds (in base64, so that no check prints a value).

import { isRecord, type JsonRecord, listAt, optionalTextAt, textAt, valueAt } from "../testbed/json.ts";

export interface SecretView {
  readonly uid: string;
  readonly type: string;
  readonly immutable: boolean;
  /** Key → base64. */
  readonly data: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Uid of the controller, if there is one. */
  readonly controllerUid: string | undefined;
  /** ExternalSecret that the mark names. */
  readonly mark: string | undefined;
  /** ExternalSecret that a person lets take it over. */
  readonly adopter: string | undefined;
  /** Data keys by the field manager that wrote them last. */
  readonly writers: Readonly<Record<string, readonly string[]>>;
}

/** Secrets of a namespace by name; one that is not there has no entry. */
export type Sight = ReadonlyMap<string, SecretView>;

export function secretView(object: JsonRecord): SecretView {
  const annotations = textsAt(object, "metadata", "annotations");
  const controller = listAt(object, "metadata", "ownerReferences").find(
    (owner) => valueAt(owner, "controller") === true,
  );
  return {
    uid: textAt(object, "metadata", "uid"),
    type: textAt(object, "type"),
    immutable: object["immutable"] === true,
    data: textsAt(object, "data"),
    labels: textsAt(object, "metadata", "labels"),
    annotations,
    controllerUid: optionalTextAt(controller, "uid"),
    mark: annotations["fairlead.dev/external-secret"],
    adopter: annotations["fairlead.dev/adopt"],
    writers: writersOf(object),
  };
}

export function isSameData(left: SecretView, right: SecretView): boolean {
  const keys = Object.keys(left.data);
  return keys.length === Object.keys(right.data).length && keys.every((key) => left.data[key] === right.data[key]);
}

function writersOf(object: JsonRecord): SecretView["writers"] {
  const entries = listAt(object, "metadata", "managedFields").map((entry) => {
    const fields = valueAt(entry, "fieldsV1", "f:data");
    const keys = isRecord(fields) ? Object.keys(fields).flatMap((name) => (name === "." ? [] : [name.slice(2)])) : [];
    return [textAt(entry, "manager"), keys] as const;
  });
  return Object.fromEntries(entries.filter(([, keys]) => keys.length > 0));
}

function textsAt(object: JsonRecord, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = valueAt(object, ...path);
  return isRecord(found) ? Object.fromEntries(Object.entries(found).map(([name, text]) => [name, String(text)])) : {};
}
