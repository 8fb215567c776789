// Collects bytes in one buffer of known capacity, so that growing leaves no copies of a secret behind.

export class ByteWriter {
  readonly #buffer: Uint8Array;
  #length = 0;

  /** `capacity`: the most that will be written, in bytes. */
  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  byte(value: number): void {
    if (this.#length === this.#buffer.length) throw new RangeError("more bytes than the writer's capacity");
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  bytes(values: Uint8Array): void {
    this.#buffer.set(values, this.#length);
    this.#length += values.length;
  }

  /** The code point in UTF-8; it must be no surrogate. */
  codePoint(point: number): void {
    if (point < 0x80) this.byte(point);
    else if (point < 0x800) this.#sequence(0xc0, 1, point);
    else if (point < 0x10000) this.#sequence(0xe0, 2, point);
    else this.#sequence(0xf0, 3, point);
  }

  #sequence(leadBits: number, continuations: number, point: number): void {
    this.byte(leadBits | (point >> (6 * continuations)));
    for (let left = continuations - 1; left >= 0; left -= 1) this.byte(0x80 | ((point >> (6 * left)) & 0x3f));
  }

  /** What was written, in memory of its own. The buffer is wiped and the writer starts anew. */
  take(): Uint8Array {
    const written = this.#buffer.slice(0, this.#length);
    this.#buffer.fill(0);
    this.#length = 0;
    return written;
  }
}
