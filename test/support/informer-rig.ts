// An informer whose server the test plays by hand, with its clock, its log and what its handlers heard.

import { resources } from "../../src/kubernetes/resource-path.ts";
import { createInformer, type InformerOptions } from "../../src/runtime/informer.ts";
import type { StoredObject } from "../../src/runtime/object-store.ts";
import { metadataText } from "../../src/runtime/watch-event.ts";
import { FakeClock } from "./fake-clock.ts";
import { recordingLogger } from "./recording-logger.ts";
import { httpError, scriptedClient } from "./scripted-client.ts";

/** An object as the API server sends it. */
export const raw = (name: string, resourceVersion: string, uid = `uid-${name}`) => ({
  metadata: { namespace: "ns", name, uid, resourceVersion },
});
export const page = (resourceVersion: string, items: readonly unknown[], more?: string) => ({
  metadata: { resourceVersion, continue: more },
  items,
});
export const endOfInitialEvents = (resourceVersion: string) => ({
  metadata: { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } },
});

/** Reads the metadata; an object of the name `unreadable` cannot be read, `poison` throws. */
function parse(object: unknown): StoredObject | undefined {
  const text = (member: string): string => metadataText(object, member) ?? "";
  const meta = {
    namespace: text("namespace"),
    name: text("name"),
    uid: text("uid"),
    resourceVersion: text("resourceVersion"),
  };
  if (meta.name === "poison") throw new Error("canary");
  return meta.uid === "unreadable" ? undefined : { meta };
}

export function informerOf(overrides: Partial<InformerOptions<StoredObject>> = {}) {
  const { client, calls, streams } = scriptedClient();
  const clock = new FakeClock();
  const { log, lines } = recordingLogger();
  const counts: string[] = [];
  const heard: string[] = [];
  const informer = createInformer({
    type: resources.namespaces,
    parse,
    client,
    clock,
    random: () => 0.5,
    log,
    onCount: (what) => counts.push(what),
    ...overrides,
  });
  const version = (record?: StoredObject): string => record?.meta.resourceVersion ?? "-";
  informer.onChange((previous, current) => {
    heard.push(`${(current ?? previous)?.meta.name} ${version(previous)}>${version(current)}`);
  });
  const names = () =>
    informer.store
      .list()
      .map(({ meta }) => `${meta.name}@${meta.resourceVersion}`)
      .sort();
  return { informer, calls, streams, clock, lines, counts, heard, names };
}

export type InformerParts = ReturnType<typeof informerOf>;

/** Says in the stream of this number: these are all objects, at this version. */
export function tellAll(
  { streams }: InformerParts,
  stream: number,
  resourceVersion: string,
  items: readonly unknown[],
): void {
  for (const item of items) streams[stream]?.event("ADDED", item);
  streams[stream]?.event("BOOKMARK", endOfInitialEvents(resourceVersion));
}

/** An informer whose first list held these objects, at version 10. */
export function syncedInformer(
  items: readonly unknown[] = [],
  overrides: Partial<InformerOptions<StoredObject>> = {},
): InformerParts {
  const parts = informerOf(overrides);
  parts.informer.start();
  tellAll(parts, 0, "10", items);
  return parts;
}

/** An informer whose server streams no lists: it has asked for a page. */
export async function pagingInformer(overrides: Partial<InformerOptions<StoredObject>> = {}): Promise<InformerParts> {
  const parts = informerOf(overrides);
  parts.informer.start();
  await parts.streams[0]?.end(httpError(422));
  return parts;
}
