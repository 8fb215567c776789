// What a scenario tells the oracle: which Secrets may go, which writes are its own doing and not the operator's, and
// which objects an invariant is not judged for. Nothing is forgiven that was not said.

import { optionalTextAt } from "../../testbed/json.ts";
import type { KubernetesApi } from "../../testbed/kubernetes-api.ts";
import type { RestReply } from "../../testbed/rest-client.ts";
import type { Invariant } from "./violation.ts";

/** What the judge asks. */
export interface Expected {
  /** Whether a Secret may be deleted or lose keys. */
  mayGo(namespace: string, name: string): boolean;
  /** Whether this revision was made by somebody who is not the operator. */
  isForeign(revision: { readonly uid: string; readonly order: number; readonly change: string }): boolean;
  isExempt(namespace: string, name: string, invariant: Invariant): boolean;
}

export interface Exemption {
  readonly namespace: string;
  /** `*`: all Secrets and ExternalSecrets of the namespace. */
  readonly name: string;
  readonly invariants: readonly Invariant[];
  /** A clause; for the reader. */
  readonly why: string;
}

export interface Expectations extends Expected {
  /**
   * From now on this Secret (`*`: all of the namespace) may be deleted, or lose keys: a confirmed cause exists. Not
   * needed where an Owner's ExternalSecret is deleted, or moves to another target.
   */
  allowLoss(namespace: string, name: string): void;
  /** The Kubernetes API as an administrator; what it writes is foreign to the oracle. Other ways to write are not. */
  readonly foreigner: KubernetesApi;
  /** For a row that breaks an invariant for an object by design, and checks it itself. */
  exempt(exemption: Exemption): void;
}

export function createExpectations(api: KubernetesApi): Expectations {
  const losses = new Set<string>();
  const written = new Set<string>();
  const deleted = new Set<string>();
  const exemptions: Exemption[] = [];
  const noted = async (reply: Promise<RestReply>): Promise<RestReply> => {
    const settled = await reply;
    const uid = optionalTextAt(settled.body, "metadata", "uid");
    const version = optionalTextAt(settled.body, "metadata", "resourceVersion");
    if (settled.status < FIRST_REFUSAL && uid !== undefined) written.add(`${uid}@${version ?? ""}`);
    return settled;
  };
  return {
    mayGo: (namespace, name) => losses.has(`${namespace}/${name}`) || losses.has(`${namespace}/*`),
    isForeign: ({ uid, order, change }) => (change === "DELETED" ? deleted.has(uid) : written.has(`${uid}@${order}`)),
    isExempt: (namespace, name, invariant) =>
      exemptions.some(
        (exemption) =>
          exemption.namespace === namespace &&
          (exemption.name === "*" || exemption.name === name) &&
          exemption.invariants.includes(invariant),
      ),
    allowLoss: (namespace, name) => void losses.add(`${namespace}/${name}`),
    foreigner: {
      get: (path) => api.get(path),
      post: (path, body, type) => noted(api.post(path, body, type)),
      put: (path, body, type) => noted(api.put(path, body, type)),
      patch: (path, body, type) => noted(api.patch(path, body, type)),
      delete: async (path, body) => {
        const before = optionalTextAt((await api.get(path)).body, "metadata", "uid");
        const reply = await api.delete(path, body);
        if (reply.status < FIRST_REFUSAL && before !== undefined) deleted.add(before);
        return reply;
      },
    },
    exempt: (exemption) => void exemptions.push(exemption),
  };
}

/** First HTTP status that is a refusal. */
const FIRST_REFUSAL = 400;
