// The specs that admission takes and our code does not serve until somebody edits something: the explicit list, each
// with the reason why the CRD cannot refuse it. What is not listed here is a gap in the CRD.

export interface CodeOnlyRejection {
  readonly id: string;
  /** Of the condition or the entry. */
  readonly reason: "InvalidSpec" | "InvalidReference" | "TargetImmutable" | "TargetRejected";
  /** Its message. */
  readonly message: RegExp;
  /** Why this cannot be a rule of the CRD. */
  readonly why: string;
}

const KEY_SYNTAX =
  "which characters a key may have is the store's business, and admission of an ExternalSecret does not see of which provider its store is";

export const codeOnlyRejections: readonly CodeOnlyRejection[] = [
  {
    id: "pattern is not RE2",
    reason: "InvalidSpec",
    message: /invalid regular expression: give an RE2 pattern$/,
    why: "CEL has no function that tells whether a pattern compiles: a rule could only make matches() fail, by the syntax of the API server's library instead of ours",
  },
  {
    id: "pattern is too large",
    reason: "InvalidSpec",
    message: /(too large a regular expression|too many regular expressions): use fewer/,
    why: "the size of a compiled pattern follows from nested repetitions, which CEL cannot parse",
  },
  {
    id: "key of Vault",
    reason: "InvalidReference",
    message: /the (key|path of find) holds (one of \? # % \\ or a control character|an empty segment, '\.' or '\.\.')/,
    why: KEY_SYNTAX,
  },
  {
    id: "version of KV",
    reason: "InvalidReference",
    message: /a version of KV is a whole number from 1 on|metadata has no versions/,
    why: "other providers have versions of another form, and admission does not see of which provider the store is",
  },
  {
    id: "KV version 1",
    reason: "InvalidReference",
    message: /KV version 1 has no (versions|metadata|tags)/,
    why: "which KV version a mount has is in the store's spec, which admission of an ExternalSecret does not see",
  },
  {
    id: "property is a query",
    reason: "InvalidReference",
    message: /is a query, wildcard, pipe or modifier, which is not supported/,
    why: "a remote secret may have a property of just this name, which then is taken: only the data tells",
  },
  {
    id: "immutable Secret",
    reason: "TargetImmutable",
    message:
      /is immutable and the store holds new values|is immutable, so that keys which the store no longer has cannot be removed/,
    why: "it depends on the Secret that is there and on the values in the store",
  },
  {
    id: "type of a Secret that is there",
    reason: "TargetImmutable",
    message: /a Secret's type cannot change/,
    why: "it depends on the Secret that is there",
  },
  {
    id: "annotations that are too large together",
    reason: "TargetRejected",
    message: /HTTP 422\) at metadata\.annotations;/,
    why: "the API server's bound is on all annotations of the Secret together, and others may have theirs there",
  },
  {
    id: "keys that the type demands",
    reason: "TargetRejected",
    message: /HTTP 422\) at data/,
    why: "which keys a source yields is known only after it was read",
  },
];

/** The entry of the list that covers what was said; undefined: nothing does. */
export function argumentFor(reason: string, message: string): CodeOnlyRejection | undefined {
  return codeOnlyRejections.find((listed) => listed.reason === reason && listed.message.test(message));
}
