// What the runner asks of the API server for one ExternalSecret: applies specs as kubectl would (strict about unknown
// fields), shows them without keeping them, and looks at Secrets.

import { parseExternalSecret } from "../../src/core/spec/parse-external-secret.ts";
import { unknownFields } from "../../src/core/spec/unknown-fields.ts";
import type { Team } from "../integration/support/team.ts";
import { type JsonRecord, optionalTextAt, parseJson, textAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { RestError, type RestReply } from "../testbed/rest-client.ts";
import type { Verdict } from "./judge.ts";
import { secretView, type Sight } from "./secret-view.ts";

const API_VERSION = "fairlead.dev/v1";
const STRICT = "fieldValidation=Strict";
/** Status writes of the operator may come between our read and our write. */
const MAX_CONFLICTS = 20;
/** Decoding and validation: what admission may answer to a spec. */
const REFUSALS = [400, 422];

export type Annotations = Readonly<Record<string, string>>;

/** Creates the ExternalSecret, or replaces its spec and annotations. */
export async function applySpec(team: Team, name: string, spec: unknown, annotations: Annotations): Promise<Verdict> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const live = await team.externalSecret(name);
    const body = manifest(team, name, spec);
    const reply =
      live === undefined
        ? await team.rig.api.post(`${collection(team)}?${STRICT}`, body)
        : await team.rig.api.put(`${collection(team)}/${name}?${STRICT}`, {
            ...body,
            metadata: { ...body.metadata, resourceVersion: textAt(live, "metadata", "resourceVersion"), annotations },
          });
    if (reply.status !== 409) return verdictOf(reply);
  }
  throw new Error(`${name} was changed by somebody else ${MAX_CONFLICTS} times in a row`);
}

/** What admission says of a new ExternalSecret. */
export async function showSpec(team: Team, spec: unknown): Promise<Verdict> {
  return verdictOf(await team.rig.api.post(`${collection(team)}?dryRun=All&${STRICT}`, manifest(team, "probe", spec)));
}

/** What our parser says, strict about unknown fields. */
export function parserVerdict(team: Pick<Team, "namespace">, spec: unknown): Verdict {
  const wire = parseJson(JSON.stringify(manifest(team, "probe", spec)));
  const [unknownField] = unknownFields(wire, "ExternalSecret");
  if (unknownField !== undefined) return { accepted: false, message: `unknown field ${unknownField}` };
  const record = parseExternalSecret(wire);
  if (!record.ok) return { accepted: false, message: record.error.message };
  const { spec: parsed } = record.value;
  return parsed.ok ? { accepted: true } : { accepted: false, message: `${parsed.error.path}: ${parsed.error.message}` };
}

function manifest({ namespace }: Pick<Team, "namespace">, name: string, spec: unknown) {
  return { apiVersion: API_VERSION, kind: "ExternalSecret", metadata: { namespace, name }, spec };
}

function collection({ namespace }: Team): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/externalsecrets`;
}

function verdictOf(reply: RestReply): Verdict {
  if (reply.status === 200 || reply.status === 201) return { accepted: true };
  if (!REFUSALS.includes(reply.status)) throw new RestError(reply);
  return { accepted: false, message: optionalTextAt(reply.body, "message") ?? reply.text };
}

/** The Secrets of these names that are there. */
export async function lookAt(team: Team, names: readonly string[]): Promise<Sight> {
  const secrets = await Promise.all(names.map((name) => team.secret(name)));
  return new Map(
    secrets.flatMap((secret, index) => (secret === undefined ? [] : [[names[index] ?? "", secretView(secret)]])),
  );
}

const SOMEBODY = "somebody-else";

/** A Secret that is not ours. */
export async function makeForeignSecret(team: Team, name: string): Promise<void> {
  const stringData = { theirs: team.value("theirs"), password: team.value("their-password") };
  const body = { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData };
  await ok(team.rig.api.post(`/api/v1/namespaces/${team.namespace}/secrets?fieldManager=${SOMEBODY}`, body));
}

export async function annotateSecret(team: Team, name: string, annotations: JsonRecord): Promise<void> {
  await ok(team.rig.api.patch(`${team.secretPath(name)}?fieldManager=${SOMEBODY}`, { metadata: { annotations } }));
}

/** One that is not there is no error. */
export async function deletePath(team: Team, path: string): Promise<void> {
  const reply = await team.rig.api.delete(path);
  if (reply.status !== 404 && reply.status >= 400) throw new RestError(reply);
}
