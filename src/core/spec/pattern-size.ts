// How large a pattern becomes when it is compiled, judged by its text alone, before anything is spent on it: `(.{30}){33}`
// is 11 characters and a thousand instructions. Compiling and matching cost time in proportion to that size.

/** Atoms by which an RE2 pattern is read: escape, \Q…\E, class, counted repetition, any other character. */
const TOKEN =
  /\\Q.*?(?:\\E|$)|\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\{[0-9]+(?:,[0-9]*)?\}|./gsu;

interface Group {
  readonly size: number;
  /** Size of the last atom, which a repetition multiplies. */
  readonly last: number;
}

const EMPTY: Group = { size: 0, last: 0 };
/** The two ends of a group, and an empty alternative in it. */
const GROUP_FRAME = 3;
/** Start, end and the match as a whole. */
const FRAME = 4;

/** Estimated instructions; at least the real number for patterns that compile. */
export function patternSize(source: string): number {
  const open: Group[] = [];
  let group = EMPTY;
  for (const [token] of source.matchAll(TOKEN)) {
    if (token === "(") {
      open.push(group);
      group = EMPTY;
    } else if (token === ")") {
      group = withAtom(open.pop() ?? EMPTY, group.size + GROUP_FRAME);
    } else {
      group = next(group, token);
    }
  }
  return open.reduce((sum, { size }) => sum + size, FRAME + group.size);
}

function next(group: Group, token: string): Group {
  const counts = /^\{([0-9]+)(?:,([0-9]*))?\}$/.exec(token);
  if (counts !== null) return repeated(group, Math.max(1, Number(counts[1]), Number(counts[2] ?? 0)));
  if (token === "*" || token === "+" || token === "?") return repeated(group, 1);
  return withAtom(group, token.startsWith("\\Q") ? token.length : 1);
}

function withAtom(group: Group, atom: number): Group {
  return { size: group.size + atom, last: atom };
}

/** One instruction more for each copy: `x{0,3}` is (x(x(x)?)?)?. */
function repeated({ size, last }: Group, count: number): Group {
  const all = (last + 1) * count;
  return { size: size - last + all, last: all };
}
