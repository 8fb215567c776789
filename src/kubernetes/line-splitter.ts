// Cuts a byte stream into lines. Bytes are decoded only once a line is whole, so that no character is ever torn, and
// time stays linear however small the chunks are.

const NEWLINE = 0x0a;
const FIRST_CAPACITY = 16 * 1024;

export interface LineSplitter {
  /** Calls `onLine` for each line that `chunk` completes; empty lines are left out. False: a line is over the limit. */
  push(chunk: Buffer): boolean;
}

export function createLineSplitter(maxLineBytes: number, onLine: (line: string) => void): LineSplitter {
  let pending = Buffer.alloc(0);
  let length = 0;

  const keep = (bytes: Buffer): void => {
    if (length + bytes.length > pending.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, 2 * (length + bytes.length)));
      pending.copy(grown, 0, 0, length);
      pending = grown;
    }
    bytes.copy(pending, length);
    length += bytes.length;
  };

  const emit = (bytes: Buffer): void => {
    if (length > 0) keep(bytes);
    const line = length > 0 ? pending.toString("utf8", 0, length) : bytes.toString("utf8");
    length = 0;
    if (line !== "") onLine(line);
  };

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        if (length + end - start > maxLineBytes) return false;
        emit(chunk.subarray(start, end));
        start = end + 1;
      }
      if (length + chunk.length - start > maxLineBytes) return false;
      if (length === 0) pending = Buffer.alloc(0);
      if (start < chunk.length) keep(chunk.subarray(start));
      return true;
    },
  };
}
