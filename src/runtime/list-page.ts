// Pages of a list, read defensively, and how lists and watches are asked for.

import { isRecord } from "../core/unknown.ts";
import { metadataText } from "./watch-event.ts";

export interface ListPage {
  readonly items: readonly unknown[];
  /** Undefined: this was the last page. */
  readonly continueToken: string | undefined;
  readonly resourceVersion: string;
}

/** Undefined: not a list. */
export function parseListPage(body: unknown): ListPage | undefined {
  const items = isRecord(body) ? body["items"] : undefined;
  const resourceVersion = metadataText(body, "resourceVersion");
  if (resourceVersion === undefined || (items !== null && !Array.isArray(items))) return undefined;
  return { items: items ?? [], continueToken: metadataText(body, "continue"), resourceVersion };
}

// kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches. No fallback to whole objects is offered.
export const metadataAccept = {
  object: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
  list: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
} as const;
