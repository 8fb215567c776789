// Which reconcile the code that runs now belongs to: follows it through every await, so that a log line and a rejected
// promise that nobody handled find their key.
// Node restores the scope for its unhandledRejection event (measured on Node 24); running in a scope costs half a
// microsecond.

import { AsyncLocalStorage } from "node:async_hooks";

/** Which reconcile it is, as fields of a log line. */
export type ReconcileFacts = Readonly<Record<"controller" | "key" | "reconcileId", string>>;

export interface ReconcileScope {
  /** Undefined once the reconcile has ended: what it left behind, such as a watch, is not part of it. */
  readonly facts: ReconcileFacts | undefined;
  /** A promise of this reconcile was rejected and nobody handled it. False: nothing can be done about it here. */
  rejected(error: unknown): boolean;
}

export interface ReconcileScopes {
  run<T>(scope: ReconcileScope, act: () => T): T;
  /** Undefined: the running code is not part of a reconcile. */
  current(): ReconcileScope | undefined;
}

export function createReconcileScopes(): ReconcileScopes {
  const storage = new AsyncLocalStorage<ReconcileScope>();
  return { run: (scope, act) => storage.run(scope, act), current: () => storage.getStore() };
}
