// The oracle's own list and watch of one resource, straight from the API server and sharing nothing with the operator's:
// plain HTTP/1.1, resumed at the last resourceVersion, listed again only where that is gone.

import { Agent, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord, type JsonRecord, listAt, optionalTextAt, parseJson, textAt, valueAt } from "../../testbed/json.ts";
import { ok, type KubernetesApi } from "../../testbed/kubernetes-api.ts";
import type { KubernetesHandle } from "../../testbed/rig-handle.ts";

export interface WatchedChange {
  readonly change: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: JsonRecord;
}

export interface WatchTarget {
  readonly server: Pick<KubernetesHandle, "server" | "caPem" | "admin">;
  readonly api: Pick<KubernetesApi, "get">;
  /** Path of the resource in all namespaces. */
  readonly path: string;
  readonly onChange: (change: WatchedChange) => void;
  /** A complete list: what it does not hold is gone. `isFirst`: there was none before; else changes were missed. */
  readonly onList: (objects: readonly JsonRecord[], isFirst: boolean) => void;
  readonly signal: AbortSignal;
}

const GONE = 410;
/** An API server that is away is asked again so soon: what it commits first after a restart must not be missed. */
const RETRY_MS = 20;

/** Runs until the signal fires. */
export async function followResource(target: WatchTarget): Promise<void> {
  let from: string | undefined;
  let isFirst = true;
  while (!target.signal.aborted) {
    try {
      if (from === undefined) {
        from = await list(target, isFirst);
        isFirst = false;
      }
      from = await watch(target, from);
    } catch {
      // The API server is away, which is what many a scenario wants: it is asked until it answers.
      await pause(RETRY_MS);
    }
  }
}

async function list(target: WatchTarget, isFirst: boolean): Promise<string> {
  const answer = await ok(target.api.get(target.path));
  target.onList(listAt(answer, "items").filter(isRecord), isFirst);
  return textAt(answer, "metadata", "resourceVersion");
}

/** Ends when the stream does, with the resourceVersion to go on from; undefined: it is too old. */
async function watch(target: WatchTarget, from: string): Promise<string | undefined> {
  const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${from}`;
  let reached: string | undefined = from;
  let rest = "";
  for await (const text of chunks(target, `${target.path}?${query}`)) {
    if (text === GONE) return undefined;
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) reached = take(target, line);
    if (reached === undefined) return undefined;
  }
  return reached;
}

/** The resourceVersion of one line, which is delivered unless it is a bookmark; undefined: the server gave up on ours. */
function take({ onChange }: WatchTarget, line: string): string | undefined {
  const event = parseJson(line);
  const change = textAt(event, "type");
  const object = valueAt(event, "object");
  if (!isRecord(object)) throw new Error(`A watch event without an object: ${change}`);
  if (change === "ADDED" || change === "MODIFIED" || change === "DELETED") onChange({ change, object });
  return change === "ERROR" ? undefined : optionalTextAt(object, "metadata", "resourceVersion");
}

/** Text of the body as it comes; GONE where the server answers that. Throws for any other refusal. */
async function* chunks({ server, signal }: WatchTarget, path: string): AsyncGenerator<string | typeof GONE> {
  const agent = new Agent({
    ca: server.caPem,
    cert: server.admin.certificatePem,
    key: server.admin.privateKeyPem,
    keepAlive: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<import("node:http").IncomingMessage>();
  const outgoing = request(new URL(path, server.server), { agent, signal }, resolve).on("error", reject);
  outgoing.end();
  const incoming = await promise;
  try {
    if (incoming.statusCode === GONE) yield GONE;
    else if (incoming.statusCode !== 200) throw new Error(`The watch of ${path} was answered ${incoming.statusCode}`);
    incoming.setEncoding("utf8");
    for await (const chunk of incoming) yield String(chunk);
  } finally {
    incoming.destroy();
    agent.destroy();
  }
}
