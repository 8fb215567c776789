// Answers of the API server: objects, lists and Status bodies, as text.

export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

export function success(body: string, status = 200): Answer {
  return { status, retryAfterMs: undefined, body };
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  /** Of the first cause. */
  readonly field?: string;
  readonly retryAfterMs?: number;
}

export function refusal({ status, reason, field, retryAfterMs }: Refusal): Answer {
  return { status, retryAfterMs, body: statusText(status, reason, field) };
}

export function statusText(code: number, reason: string, field?: string): string {
  const causes = field === undefined ? [] : [{ field, reason: "FieldValueInvalid" }];
  return JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, details: { causes } });
}

export const expired: Refusal = { status: 410, reason: "Expired" };
