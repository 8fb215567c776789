// An expected outcome as a value: what can go wrong is part of the type, and throwing is left to surprises.

export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function failed<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Ends a switch over a union: a new member breaks the build at its call. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
