// Ready-made faults of open watches: events that are lost, late, doubled, out of order, old or unknown.

import { isRecord, parseJson, valueAt } from "../../testbed/json.ts";
import { kubernetesStatus } from "./faults.ts";
import type { Fault, OpenWatch, WatchFrame } from "./rule.ts";
import { frameOf } from "./watch-frames.ts";

type IsMeant = (frame: WatchFrame) => boolean;

/** Longest time that a frame waits for another one to be exchanged with. */
const REORDER_MS = 500;

/** Events of objects: not bookmarks, not errors. */
export function isObjectEvent({ type }: WatchFrame): boolean {
  return type === "ADDED" || type === "MODIFIED" || type === "DELETED";
}

/** The client never hears of these events. */
export function swallowEvents(isMeant: IsMeant): Fault {
  return frames((frame) => (isMeant(frame) ? [] : [frame.raw]));
}

/** Each event comes so often in all. */
export function duplicateEvents(times = 2, isMeant: IsMeant = isObjectEvent): Fault {
  return frames((frame) => (isMeant(frame) ? Array.from({ length: times }, () => frame.raw) : [frame.raw]));
}

/** After each event of an object the one before it comes again. */
export function replayOlderEvents(isMeant: IsMeant = isObjectEvent): Fault {
  const last = perWatch(() => new Map<string, Buffer>());
  return frames((frame, watch) => {
    if (!isMeant(frame)) return [frame.raw];
    const id = `${frame.namespace}/${frame.name}`;
    const older = last(watch).get(id);
    last(watch).set(id, frame.raw);
    return older === undefined ? [frame.raw] : [frame.raw, older];
  });
}

/** From the first such event on everything waits, in order, until the promise resolves. */
export function delayEvents(until: Promise<void>, isMeant: IsMeant = () => true): Fault {
  let isOver = false;
  const waiting = perWatch((watch) => {
    const kept: Buffer[] = [];
    void until.then(() => watch.send(...kept.splice(0)));
    return kept;
  });
  void until.then(() => (isOver = true));
  return frames((frame, watch) => {
    const kept = waiting(watch);
    if (isOver || (kept.length === 0 && !isMeant(frame))) return [frame.raw];
    kept.push(frame.raw);
    return [];
  });
}

/** Every event comes so much later, in order. */
export function delayEachEvent(delayMs: number, isMeant: IsMeant = () => true): Fault {
  return frames((frame, watch) => {
    if (!isMeant(frame)) return [frame.raw];
    setTimeout(() => watch.send(frame.raw), delayMs).unref();
    return [];
  });
}

/** Events change places in pairs; one that finds no partner soon goes alone. */
export function reorderEvents(isMeant: IsMeant = isObjectEvent): Fault {
  const first = perWatch(() => ({ kept: new Array<Buffer>() }));
  return frames((frame, watch) => {
    if (!isMeant(frame)) return [frame.raw];
    const { kept } = first(watch);
    if (kept.length > 0) return [frame.raw, ...kept.splice(0)];
    kept.push(frame.raw);
    setTimeout(() => watch.send(...kept.splice(0)), REORDER_MS).unref();
    return [];
  });
}

/** The version is too old, said inside a stream that began with 200. Then the server ends the stream. */
export function gone410AsEvent(): Fault {
  const { body } = kubernetesStatus(410, "Expired");
  return { kind: "endStream", afterFrames: 0, tail: frameOf("ERROR", body), orderly: true };
}

/** Cut off inside of an event: half a line, or (with a character of several bytes) half a character. */
export function cutInsideFrame(afterFrames = 0): Fault {
  const line = frameOf("MODIFIED", { kind: "Secret", apiVersion: "v1", metadata: { name: "ü" } });
  const insideCharacter = line.indexOf(Buffer.from("ü")) + 1;
  return { kind: "endStream", afterFrames, tail: line.subarray(0, insideCharacter) };
}

/** Ends after so many frames; 0: at once. */
export function closeEarly(afterFrames = 0, orderly = true): Fault {
  return { kind: "endStream", afterFrames, orderly };
}

/** Before each event comes one of a type that nobody knows. */
export function unknownEvents(): Fault {
  return frames(({ raw }) => [frameOf("RENAMED", { kind: "Secret", metadata: { name: "unknown" } }), raw]);
}

/** Bookmarks come without the one thing that they are for. */
export function bookmarksWithoutVersion(): Fault {
  return frames(({ type, raw }) => {
    if (type !== "BOOKMARK") return [raw];
    const object = valueAt(parseJson(raw.toString("utf8")), "object");
    return [frameOf("BOOKMARK", { ...(isRecord(object) ? object : {}), metadata: {} })];
  });
}

/** A streaming list whose end is never told. */
export function noInitialEventsEnd(): Fault {
  return frames(({ type, raw }) => (type === "BOOKMARK" && raw.includes("k8s.io/initial-events-end") ? [] : [raw]));
}

/** What makes the watch show nothing any more, while the connection is well: pings are answered. */
export function mutedWatch(): Fault {
  return frames(() => []);
}

function frames(pass: (frame: WatchFrame, watch: OpenWatch) => readonly Buffer[]): Fault {
  return { kind: "frames", pass };
}

/** What a fault keeps of each watch. */
function perWatch<T>(create: (watch: OpenWatch) => T): (watch: OpenWatch) => T {
  const kept = new WeakMap<OpenWatch, T>();
  return (watch) => {
    const found = kept.get(watch) ?? create(watch);
    kept.set(watch, found);
    return found;
  };
}
