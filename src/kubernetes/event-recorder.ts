// Kubernetes Events about our objects (core/v1, which both `kubectl get events` and `kubectl describe` show). Best
// effort: a bounded queue, one API write per Event, nothing ever waits for one.

import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { ObjectName } from "../core/object-key.ts";
import { collectionPath, resources } from "./resource-path.ts";
import type { ApiCall, KubernetesClient } from "./rest-client.ts";

/** The object that an Event is about. */
export interface InvolvedObject extends ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

export interface ObjectEvent {
  readonly type: "Normal" | "Warning";
  /** One PascalCase word. */
  readonly reason: string;
  /** Cut at 1,024 bytes. */
  readonly message: string;
}

export interface EventRecorder {
  /** Queues the Event and returns at once; when 1,000 wait already it is dropped and counted. */
  record(object: InvolvedObject, event: ObjectEvent): void;
  /** Sends what waits, until `signal` fires; the rest is dropped. Nothing is recorded afterwards. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Name of this instance, such as the pod's name. */
  readonly instance: string;
  /** Told of each Event that was not stored: the queue was full, or the write failed. */
  readonly onLost?: (why: LossReason) => void;
}

export type LossReason = "queueFull" | "writeFailed" | "stopped";

const COMPONENT = "fairlead";
const MAX_WAITING = 1_000;
/** Events never take more of the API server than this at once. */
const MAX_IN_FLIGHT = 4;
const WRITE_DEADLINE_MS = 10_000;
/** Limits of kubernetes/kubernetes pkg/apis/core/validation/events.go. */
const MAX_MESSAGE_BYTES = 1_024;
const MAX_INSTANCE_BYTES = 128;
const MAX_NAME_LENGTH = 253;

export function createEventRecorder({ client, clock, instance, onLost }: EventRecorderOptions): EventRecorder {
  const queue = createCallQueue(client, (why) => onLost?.(why));
  let stopped = false;
  return {
    record(object, event) {
      if (stopped) onLost?.("stopped");
      else queue.push(eventCall(object, event, { nowMs: clock.nowMs(), instance }));
    },
    async stop(signal) {
      stopped = true;
      signal.addEventListener("abort", queue.giveUp, { once: true });
      if (signal.aborted) queue.giveUp();
      await queue.idle();
      signal.removeEventListener("abort", queue.giveUp);
    },
  };
}

interface CallQueue {
  push(call: ApiCall): void;
  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void>;
  /** Drops what waits and aborts what is in flight. */
  giveUp(): void;
}

function createCallQueue(client: KubernetesClient, onLost: (why: LossReason) => void): CallQueue {
  const abort = new AbortController();
  let waiting: ApiCall[] = [];
  let inFlight = 0;
  let onIdle = (): void => {};

  const send = async (call: ApiCall): Promise<void> => {
    const answer = await client.call(call, abort.signal);
    // AlreadyExists: an attempt whose answer was lost has stored it.
    if (!answer.ok && answer.error.kind !== "alreadyExists") onLost(abort.signal.aborted ? "stopped" : "writeFailed");
    inFlight -= 1;
    pump();
  };

  const pump = (): void => {
    while (inFlight < MAX_IN_FLIGHT) {
      const call = waiting.shift();
      if (call === undefined) break;
      inFlight += 1;
      void send(call);
    }
    if (inFlight === 0) onIdle();
  };

  return {
    push(call) {
      if (waiting.length < MAX_WAITING) waiting.push(call);
      else onLost("queueFull");
      pump();
    },
    idle: () =>
      new Promise((resolve) => {
        onIdle = resolve;
        pump();
      }),
    giveUp() {
      waiting.forEach(() => onLost("stopped"));
      waiting = [];
      abort.abort();
    },
  };
}

function eventCall(
  object: InvolvedObject,
  event: ObjectEvent,
  at: { readonly nowMs: number; readonly instance: string },
): ApiCall {
  const { apiVersion, kind, name, namespace, uid, resourceVersion } = object;
  // Events of cluster-scoped objects live here, as client-go has it: tools/record/event.go, makeEvent.
  const home = namespace === "" ? "default" : namespace;
  const timestamp = new Date(at.nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  const body = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace: home, name: eventName(object, event, at.nowMs) },
    involvedObject: {
      apiVersion,
      kind,
      name,
      uid,
      ...(namespace && { namespace }),
      ...(resourceVersion && { resourceVersion }),
    },
    type: event.type,
    reason: event.reason,
    message: cutToBytes(event.message, MAX_MESSAGE_BYTES),
    source: { component: COMPONENT },
    firstTimestamp: timestamp,
    lastTimestamp: timestamp,
    count: 1,
    reportingComponent: COMPONENT,
    reportingInstance: cutToBytes(at.instance, MAX_INSTANCE_BYTES),
  };
  return { method: "POST", path: collectionPath(resources.events, home), body, deadlineMs: WRITE_DEADLINE_MS };
}

/** The same Event at the same time has the same name, so that a repeated write makes no second one. */
function eventName({ name, uid }: InvolvedObject, { type, reason, message }: ObjectEvent, nowMs: number): string {
  const suffix = createHash("sha256")
    .update(JSON.stringify([uid, type, reason, message, nowMs]))
    .digest("hex")
    .slice(0, 16);
  return `${name.slice(0, MAX_NAME_LENGTH - suffix.length - 1)}.${suffix}`;
}

function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  // A character cut in two decodes to U+FFFD.
  return bytes.toString("utf8", 0, maxBytes).replace(/\uFFFD+$/, "");
}
