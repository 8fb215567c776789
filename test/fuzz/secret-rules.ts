// What the API server takes as a Secret (apimachinery and core validation, v1.36), as far as specs can break it.

type Texts = Readonly<Record<string, string>>;

interface SecretContent {
  readonly data: Texts;
  readonly labels: Texts;
  readonly annotations: Texts;
}

const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/;
const MAX_ANNOTATIONS_BYTES = 256 * 1024;
/** Keys of which a Secret of the type needs all (or, for basic-auth, one). */
const NEEDED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
};

/** `type` is Opaque where none is given. */
export function isTakenByApi({ data, labels, annotations }: SecretContent, type = "Opaque"): boolean {
  const needed = NEEDED_KEYS[type] ?? [];
  const hasKeys = needed.every((key) => Object.hasOwn(data, key));
  const isBasic =
    type !== "kubernetes.io/basic-auth" || ["username", "password"].some((key) => Object.hasOwn(data, key));
  const sizes = Object.entries(annotations).map(([name, text]) => Buffer.byteLength(name) + Buffer.byteLength(text));
  const isSmall = sizes.reduce((sum, size) => sum + size, 0) <= MAX_ANNOTATIONS_BYTES;
  const areNamed = [...Object.keys(labels), ...Object.keys(annotations)].every((name) => QUALIFIED_NAME.test(name));
  return hasKeys && isBasic && isSmall && areNamed && Object.values(labels).every((text) => LABEL_VALUE.test(text));
}
