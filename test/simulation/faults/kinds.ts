// All that may go wrong in a schedule. A run in which one of these never happened proves less than it says.

export const peopleKinds = [
  "secretEdited",
  "secretDeleted",
  "secretReplaced",
  "externalSecretEdited",
  "externalSecretDeleted",
  "externalSecretRecreated",
  "editedInSync",
] as const;

export const faultKinds = [
  // Calls
  "requestLost",
  "answerLost",
  "answerSlow",
  "conflict",
  "serverError",
  "timeoutAfterCommit",
  "throttled",
  "answerGarbled",
  "callsFailing",
  "listFailed",
  "pageExpired",
  "leaseWriteFailed",
  // Watches
  "watchCut",
  "watchSilent",
  "watchEnded",
  "watchExpired",
  "watchFrozen",
  "eventDuplicated",
  "eventReplayed",
  "eventDropped",
  "lineTorn",
  // The whole way to the API server
  "partition",
  "serverAway",
  // Processes
  "crash",
  "crashInWrite",
  "sigstop",
  "sigterm",
  "clockJump",
  // The store
  "storeSlow",
  "storeOutage",
  "keyDenied",
  "keyRemoved",
  "rotatedInRead",
  "storeRepointed",
  ...peopleKinds,
] as const;

export type FaultKind = (typeof faultKinds)[number];
