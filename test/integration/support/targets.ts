// Target Secrets as people and other controllers treat them: made by hand, edited, annotated, and asked for anew.

import { isRecord, type JsonRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import type { KubernetesRequest } from "../../testbed/kubernetes-audit.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import { dataEntry } from "./manifests.ts";
import type { Team } from "./team.ts";
import type { World } from "./world.ts";

/** The ServiceAccount as which the operator runs. */
export const OPERATOR = "system:serviceaccount:fairlead-system:fairlead";
/** Field manager of a writer that is not Fairlead. */
export const RIVAL = "rival-controller";

const WRITES = ["create", "update", "patch", "delete"];
const PROMPT_MS = 20_000;

/** A team with a validated store and `password` in the remote secret `db`. */
export async function readyTeam(world: World): Promise<Team> {
  const team = await world.team();
  await Promise.all([team.applyStore(), team.putSecret("db", { password: team.value() })]);
  await team.waitStore();
  return team;
}

/** `data` with the one entry `password` of the remote secret `db`. */
export function passwordEntry(team: Team, secretKey = "password"): { readonly data: readonly JsonRecord[] } {
  return { data: [dataEntry(secretKey, team.key("db"), "password")] };
}

export interface ForeignSecret {
  readonly data?: Readonly<Record<string, string>>;
  readonly metadata?: JsonRecord;
  readonly immutable?: boolean;
}

/** A Secret that somebody else makes. */
export async function makeSecret(team: Team, name: string, secret: ForeignSecret = {}): Promise<void> {
  const { data = {}, metadata = {}, immutable = false } = secret;
  const body = { apiVersion: "v1", kind: "Secret", metadata: { name, ...metadata }, immutable, stringData: data };
  await ok(team.rig.api.post(`/api/v1/namespaces/${team.namespace}/secrets?fieldManager=${RIVAL}`, body));
}

/** A merge patch by somebody else; `data` in plain text. */
export async function editSecret(
  team: Team,
  name: string,
  patch: { readonly data?: Readonly<Record<string, string | null>>; readonly metadata?: JsonRecord },
): Promise<void> {
  const entries = Object.entries(patch.data ?? {});
  const data = Object.fromEntries(
    entries.map(([key, text]) => [key, text === null ? null : Buffer.from(text).toString("base64")]),
  );
  await ok(team.rig.api.patch(`${team.secretPath(name)}?fieldManager=${RIVAL}`, { ...patch, data }));
}

export async function deleteSecret(team: Team, name: string): Promise<void> {
  await ok(team.rig.api.delete(team.secretPath(name)));
}

export async function deleteExternalSecret(team: Team, name: string): Promise<void> {
  await ok(team.rig.api.delete(team.externalSecretPath(name)));
}

/** Asks for a sync now, and returns when status shows that it was served. */
export async function forceSync(team: Team, name: string, token: string): Promise<JsonRecord> {
  await annotate(team, name, { "fairlead.dev/force-sync": token });
  return team.waitExternalSecret(name, {
    where: (object) => valueAt(object, "status", "lastHandledForceSync") === token,
  });
}

export async function annotate(
  team: Team,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  await team.patchExternalSecret(name, { metadata: { annotations } });
}

/** Waits until the Secret exists and is as wanted, and returns it. */
export async function waitSecret(
  team: Team,
  name: string,
  isWanted: (secret: JsonRecord) => boolean = () => true,
): Promise<JsonRecord> {
  const probe = async (): Promise<JsonRecord | undefined> => {
    const secret = await team.secret(name);
    return secret !== undefined && isWanted(secret) ? secret : undefined;
  };
  return waitUntil(`Secret ${name} is as wanted`, probe, { timeoutMs: PROMPT_MS, intervalMs: 100 });
}

/** Ends once an ExternalSecret of the same team that was applied now is synced: the queue has gone past what came before. */
export async function pastOthers(team: Team, name = "control"): Promise<void> {
  await team.applyExternalSecret(name, passwordEntry(team));
  await team.waitExternalSecret(name);
}

export function texts(
  object: JsonRecord | undefined,
  field: "labels" | "annotations",
): Readonly<Record<string, unknown>> {
  const found = valueAt(object, "metadata", field);
  return isRecord(found) ? found : {};
}

export function ownersOf(secret: JsonRecord | undefined): readonly unknown[] {
  return listAt(secret, "metadata", "ownerReferences");
}

export function uidOf(object: JsonRecord | undefined): string {
  return optionalTextAt(object, "metadata", "uid") ?? "";
}

export function conditionReason(object: JsonRecord, type: string): unknown {
  return conditionOf(object, type)?.["reason"];
}

export function conditionStatus(object: JsonRecord, type: string): unknown {
  return conditionOf(object, type)?.["status"];
}

function conditionOf(object: JsonRecord, type: string): JsonRecord | undefined {
  return listAt(object, "status", "conditions")
    .filter(isRecord)
    .find((condition) => condition["type"] === type);
}

export function entriesOf(object: JsonRecord): readonly unknown[] {
  return listAt(object, "status", "entries");
}

/** The operator's writes to Secrets of the team since the mark, in order. */
export async function secretWrites(
  team: Team,
  mark: { readonly offset: number },
): Promise<readonly Pick<KubernetesRequest, "verb" | "name">[]> {
  const requests = await team.rig.audit.kubernetes.since(mark);
  return requests
    .filter(
      ({ user, resource, namespace }) => user === OPERATOR && resource === "secrets" && namespace === team.namespace,
    )
    .filter(({ verb, code }) => WRITES.includes(verb) && code < 400)
    .map(({ verb, name }) => ({ verb, name }));
}

/** How often the operator asked Vault for the remote secret since the mark. */
export function readsOf(team: Team, remote: string, mark: { readonly offset: number }): Promise<number> {
  const path = `kv/data/${team.key(remote)}`;
  return team.rig.audit.vault.countSince(mark, { type: "request", operation: "read", path });
}

/** Waits for an Event about the ExternalSecret, and returns its message. */
export function waitEvent(team: Team, name: string, reason: string): Promise<string> {
  const path = `/api/v1/namespaces/${team.namespace}/events`;
  const probe = async (): Promise<string | undefined> => {
    const events = listAt((await team.rig.api.get(path)).body, "items").filter(isRecord);
    const found = events.find(
      (event) => event["reason"] === reason && valueAt(event, "involvedObject", "name") === name,
    );
    return optionalTextAt(found, "message");
  };
  return waitUntil(`an Event ${reason} about ${name}`, probe, { timeoutMs: PROMPT_MS, intervalMs: 200 });
}
