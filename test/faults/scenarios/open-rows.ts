// Rows, or parts of rows, that have no scenario yet, each with the part of Fairlead that it waits for.

import type { OpenRow } from "../scenario.ts";

const REFRESH_ENGINE = "the part that needs the refresh engine comes with it";

export const openRows: readonly OpenRow[] = [
  { row: 7, title: "SIGKILL every 5 s for 5 min with 1,000 ExternalSecrets", why: REFRESH_ENGINE },
  {
    row: 16,
    title: "etcd restored from a backup",
    why: "tried by test/integration/etcd-restore.test.ts, on servers of its own",
  },
  { row: 18, title: "Channel of push events down", why: "not applicable until push events exist" },
  { row: 35, title: "429 with and without Retry-After", why: REFRESH_ENGINE },
  { row: 36, title: "API server away for 10 min", why: REFRESH_ENGINE },
  { row: 45, title: "Partition of replicas in a hand-over of shards", why: "not applicable until shards exist" },
  {
    row: 46,
    title: "Rolling upgrade, conversion of CRD versions",
    why: "not applicable until a second version exists",
  },
  { row: 47, title: "Vault sealed, standby, change of leader", why: REFRESH_ENGINE },
  {
    row: 53,
    title: "AWS: throttled, expired token, partial batches",
    why: "not applicable until the AWS provider exists",
  },
  { row: 54, title: "Azure: throttled, disabled, soft-deleted", why: "not applicable until the Azure provider exists" },
  { row: 55, title: "One of 100 stores is slow", why: REFRESH_ENGINE },
  { row: 56, title: "Provider alternates between old and new", why: REFRESH_ENGINE },
  { row: 60, title: "A template runs for 10 s", why: "the template part is not applicable until templates exist" },
];
