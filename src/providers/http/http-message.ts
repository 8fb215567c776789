// One HTTP request and one answer, as every provider and every login exchanges them.

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
  /** May be sent twice where a kept connection broke under it. Default: true for GET only; a read by POST says so. */
  readonly isRepeatable?: boolean;
}

export interface HttpReply {
  readonly status: number;
  /** By lower-case name; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of Retry-After, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The server's clock (Date), milliseconds since 1970. */
  readonly serverTimeMs: number | undefined;
}
