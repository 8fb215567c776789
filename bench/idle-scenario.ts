// Many ExternalSecrets that have nothing to do: copies of ones that the operator has synced, with Secret and status as it
// left them, spread over namespaces that share one ClusterSecretStore. That an operator finds all of them as wanted, without one write, is
// what proves the copies good.

import { NAMESPACE } from "../test/demo/manifests.ts";
import { isRecord, type JsonRecord, listAt, parseJson, textAt, valueAt } from "../test/testbed/json.ts";
import { ok, patchTypes } from "../test/testbed/kubernetes-api.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { recordOf } from "../src/core/unknown.ts";
import { fieldManager, MARK_ANNOTATION } from "../src/core/sync/names.ts";
import { forEachIndex } from "./for-each-index.ts";
import { benchStoreManifest } from "./scenario.ts";

const NAMESPACES = 50;

/** Of the API server, as JSON. */
interface Original {
  readonly externalSecret: JsonRecord;
  readonly secret: JsonRecord;
}

/** Adds copies until the cluster has `total` ExternalSecrets. Needs some that are Ready, in the namespace of the demo. */
export async function addIdleExternalSecrets(rig: Rig, total: number): Promise<void> {
  const originals = await readOriginals(rig);
  await createNamespaces(rig);
  await forEachIndex(total - originals.length, async (index) => {
    const original = originals[index % originals.length];
    if (original !== undefined) await createCopy(rig, original, index);
  });
}

async function readOriginals(rig: Rig): Promise<readonly Original[]> {
  const list = async (path: string): Promise<readonly JsonRecord[]> =>
    listAt(await ok(rig.api.get(path)), "items").filter(isRecord);
  const externalSecrets = await list(`/apis/fairlead.dev/v1/namespaces/${NAMESPACE}/externalsecrets`);
  const secrets = await list(`/api/v1/namespaces/${NAMESPACE}/secrets?labelSelector=fairlead.dev%2Fmanaged%3Dtrue`);
  const secretByName = new Map(secrets.map((secret) => [nameOf(secret), secret]));
  return externalSecrets.flatMap((externalSecret) => {
    const secret = secretByName.get(nameOf(externalSecret));
    return secret === undefined ? [] : [{ externalSecret, secret }];
  });
}

async function createNamespaces(rig: Rig): Promise<void> {
  const manifests = Array.from({ length: NAMESPACES }, (_, index) => {
    return `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespaceOf(index)} }\n`;
  });
  await rig.kubectl(["apply", "-f", "-"], { stdin: [...manifests, clusterStoreManifest(rig)].join("---\n") });
}

/** The store of the originals, offered to all namespaces under the same name. */
function clusterStoreManifest(rig: Rig): string {
  return `${benchStoreManifest(rig)}  conditions: [{ namespaceSelector: {} }]\n`
    .replace("kind: SecretStore", "kind: ClusterSecretStore")
    .replace(`, namespace: ${NAMESPACE} }`, " }")
    .replace("serviceAccountRef: {", `serviceAccountRef: { namespace: ${NAMESPACE},`);
}

async function createCopy(rig: Rig, { externalSecret, secret }: Original, index: number): Promise<void> {
  const namespace = namespaceOf(index % NAMESPACES);
  const name = `idle-${index}`;
  const collection = `/apis/fairlead.dev/v1/namespaces/${namespace}/externalsecrets`;
  const { apiVersion, kind } = externalSecret;
  const spec = ofClusterStore(externalSecret["spec"]);
  const created = await ok(rig.api.post(collection, { apiVersion, kind, metadata: { name, namespace }, spec }));
  const uid = textAt(created, "metadata", "uid");
  const status = { ...recordOf(ofClusterStore(externalSecret["status"])), binding: { name }, createdFor: uid };
  await ok(rig.api.patch(`${collection}/${name}/status`, { status }, patchTypes.merge));
  const owner = { apiVersion, kind, name, uid, controller: true };
  const labels = valueAt(secret, "metadata", "labels");
  const metadata = { name, namespace, labels, annotations: { [MARK_ANNOTATION]: name }, ownerReferences: [owner] };
  const { data, type } = secret;
  const secrets = `/api/v1/namespaces/${namespace}/secrets?fieldManager=${encodeURIComponent(fieldManager(name))}`;
  await ok(rig.api.post(secrets, { apiVersion: "v1", kind: "Secret", metadata, type, data }));
}

/** The same spec or status, as it would be had it named the ClusterSecretStore. */
function ofClusterStore(value: unknown): unknown {
  return parseJson(JSON.stringify(value).replaceAll('"SecretStore"', '"ClusterSecretStore"'));
}

function namespaceOf(index: number): string {
  return `idle-${index}`;
}

function nameOf(object: JsonRecord): string {
  return textAt(object, "metadata", "name");
}
