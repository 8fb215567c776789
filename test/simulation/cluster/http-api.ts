// The API server's calls: what an HTTP request does to the cluster, and the answer to it.

import { recordOf, textOf } from "../../../src/core/unknown.ts";
import { type Answer, expired, refusal, success } from "./answers.ts";
import type { ObjectRef } from "./object-path.ts";
import type { Revision } from "./revision.ts";
import { parseBody, type Selection, selectionOf } from "./selection.ts";
import type { Author, VirtualCluster, WriteAnswer } from "./virtual-cluster.ts";

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly accept: string | undefined;
  readonly body: string | undefined;
}

interface Snapshot {
  readonly items: readonly Revision[];
  readonly version: number;
}

export class HttpApi {
  readonly #cluster: VirtualCluster;
  readonly #snapshots = new Map<string, Snapshot>();
  /** A server may put fewer objects on a page than it was asked for. Undefined: it does not. */
  pageLimit: number | undefined;

  constructor(cluster: VirtualCluster) {
    this.#cluster = cluster;
  }

  /** `author` is asked for with the field manager that the request names. */
  answer(request: ApiRequest, author: (manager: string) => Author): Answer {
    const selection = selectionOf(request.path, request.accept);
    const { ref, query } = selection;
    if (request.method === "GET") return ref.name === "" ? this.#list(selection) : this.#get(selection);
    const body = parseBody(request.body);
    const by = author(query.get("fieldManager") ?? "fairlead");
    switch (request.method) {
      case "POST":
        return this.#create(selection, body, by);
      case "PATCH":
        return written(this.#cluster.patch(ref, body, by), selection);
      case "PUT":
        return written(this.#cluster.replace(ref, body, by), selection);
      case "DELETE":
        return written(this.#cluster.remove(ref, recordOf(body["preconditions"]), by), selection);
      default:
        return refusal({ status: 405, reason: "MethodNotAllowed" });
    }
  }

  #get(selection: Selection): Answer {
    const revision = this.#cluster.get(selection.ref);
    return revision === undefined ? refusal({ status: 404, reason: "NotFound" }) : success(selection.textOf(revision));
  }

  #create(selection: Selection, body: Readonly<Record<string, unknown>>, by: Author): Answer {
    if (selection.ref.plural === "events") return success("{}", 201);
    const ref: ObjectRef = { ...selection.ref, name: textOf(recordOf(body["metadata"])["name"]) ?? "" };
    return written(this.#cluster.create(ref, body, by), selection, 201);
  }

  /** Later pages show what was there when the first was sent, or nothing once that is forgotten. */
  #list(selection: Selection): Answer {
    const { query } = selection;
    const token = query.get("continue");
    const [id, offset] = token === undefined ? [this.#snapshot(selection), 0] : splitToken(token);
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined || (token !== undefined && snapshot.version < this.#cluster.compactedVersion))
      return refusal(expired);
    const wanted = Number(query.get("limit") ?? Number.POSITIVE_INFINITY);
    // Who asks for everything on one page gets it.
    const limit = Number.isFinite(wanted) ? Math.min(wanted, this.pageLimit ?? wanted) : snapshot.items.length;
    const end = offset + limit;
    const items = snapshot.items.slice(offset, end).map((item) => selection.textOf(item));
    const rest = end < snapshot.items.length ? { continue: `${id}:${end}` } : {};
    const metadata = JSON.stringify({ resourceVersion: String(snapshot.version), ...rest });
    return success(`{"kind":"List","apiVersion":"v1","metadata":${metadata},"items":[${items.join()}]}`);
  }

  #snapshot(selection: Selection): string {
    const items = this.#cluster.list(selection.ref.plural).filter((revision) => selection.matches(revision));
    const id = `s${this.#snapshots.size}`;
    this.#snapshots.set(id, { items, version: this.#cluster.version });
    return id;
  }
}

function splitToken(token: string): readonly [string, number] {
  const [id = "", offset = ""] = token.split(":");
  return [id, Number(offset)];
}

function written(answer: WriteAnswer, selection: Selection, status = 200): Answer {
  return answer.ok ? success(selection.textOf(answer.revision), status) : refusal(answer);
}
