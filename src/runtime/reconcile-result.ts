// What a reconcile is to the machinery: a function of a key, whose result says when the key is due again.

/** What to do with the key next. A spec change or another trigger may always come sooner. */
export type ReconcileResult =
  | { readonly kind: "awaitChange" }
  | { readonly kind: "requeueAfter"; readonly delayMs: number }
  | {
      /** It failed: again after a backoff per key, from 1 s doubling. */
      readonly kind: "retry";
      /** Never sooner, milliseconds. */
      readonly minDelayMs: number;
      /** Cap of the backoff, milliseconds. */
      readonly maxDelayMs: number;
    };

/** Reads the world and acts. Must end soon after `signal` fires. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;
