// How much a status may hold: the design (api.md) gives the numbers, the CRD's maxItems and maxLength repeat them.

/** Entries in `status.entries`; `entryCounts` counts all. */
export const ENTRIES_MAX = 100;
/** Names in `secretKeys` of one entry; `secretKeysTotal` counts all. */
export const ENTRY_SECRET_KEYS_MAX = 10;
/** Revisions in `history`. */
export const REVISIONS_MAX = 10;
/** Changes in one revision; `changedTotal` counts all. */
export const REVISION_CHANGES_MAX = 20;
/** UTF-16 units of any message; long enough for the longest key and ten property names. */
export const MESSAGE_MAX = 2048;
/** UTF-8 bytes of a whole status as JSON: under 64 KiB. */
export const STATUS_BYTES_MAX = 64 * 1024 - 1;
