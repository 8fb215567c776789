// ExternalSecrets as the cache keeps them: there may be ten thousand, and nearly all of them rest. A record holds its
// document packed and reads it again when somebody looks; what was looked at last stays read for a while.

import { ok, type Result } from "../result.ts";
import { findCondition } from "../status/conditions.ts";
import type { ExternalSecretStatus } from "../status/external-secret-status.ts";
import { recordOf } from "../unknown.ts";
import type { ExternalSecretSpec } from "./external-secret.ts";
import { createJsonPacker, type PackedJson } from "../packed-json.ts";
import { parseExternalSecretSpec } from "./parse-external-secret.ts";
import { parseMeta } from "./parse-meta.ts";
import { parseExternalSecretStatus } from "./parse-status.ts";
import type { ExternalSecretRecord, ObjectMeta, SpecError } from "./records.ts";
import { sampleExternalSecret } from "./sample-external-secret.ts";

export interface CompactExternalSecret extends ExternalSecretRecord {
  /** Status says Ready=True; known without reading the document. */
  readonly isReady: boolean;
}

/** What is kept of an object. */
interface Document {
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
  readonly status: unknown;
}

type Packed = PackedJson<Document>;
type Read = (packed: Packed) => ReadRecord;

/** Enough for what all workers have in hand; a document that is read takes some 5 KB. */
const MAX_READ = 64;

/** kubectl's copy of the manifest: as large as the spec, and nothing of ours looks at it. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** As parseExternalSecret, but its records take some 200 bytes each. To be made once per cache: records share it. */
export function createCompactParser(): (raw: unknown) => Result<CompactExternalSecret, SpecError> {
  const packer = createJsonPacker<Document>(sampleExternalSecret);
  const recent = new Map<Packed, ReadRecord>();
  const keep = (packed: Packed, record: ReadRecord): ReadRecord => {
    const [oldest] = recent.keys();
    if (recent.size >= MAX_READ && oldest !== undefined) recent.delete(oldest);
    recent.set(packed, record);
    return record;
  };
  const read: Read = (packed) => recent.get(packed) ?? keep(packed, new ReadRecord(packer.unpack(packed)));
  return (raw) => {
    const meta = parseMeta(raw);
    if (!meta.ok) return meta;
    const document = documentOf(meta.value, raw);
    const packed = packer.pack(document);
    const { status } = keep(packed, new ReadRecord(document));
    return ok(new PackedRecord(packed, read, findCondition(status?.conditions ?? [], "Ready")?.status === "True"));
  };
}

function documentOf(metadata: ObjectMeta, raw: unknown): Document {
  const { spec, status } = recordOf(raw);
  const annotations = Object.entries(metadata.annotations).filter(([name]) => name !== LAST_APPLIED);
  return { metadata: { ...metadata, annotations: Object.fromEntries(annotations) }, spec, status };
}

class PackedRecord implements CompactExternalSecret {
  readonly isReady: boolean;
  readonly #packed: Packed;
  readonly #read: Read;

  constructor(packed: Packed, read: Read, isReady: boolean) {
    this.#packed = packed;
    this.#read = read;
    this.isReady = isReady;
  }

  get meta(): ObjectMeta {
    return this.#read(this.#packed).meta;
  }

  get spec(): Result<ExternalSecretSpec, SpecError> {
    return this.#read(this.#packed).spec;
  }

  get status(): ExternalSecretStatus | undefined {
    return this.#read(this.#packed).status;
  }
}

/** Parses what is asked for, once. */
class ReadRecord implements ExternalSecretRecord {
  readonly meta: ObjectMeta;
  readonly #document: Document;
  #spec: Result<ExternalSecretSpec, SpecError> | undefined;
  #status: ExternalSecretStatus | undefined;

  constructor(document: Document) {
    this.meta = document.metadata;
    this.#document = document;
  }

  get spec(): Result<ExternalSecretSpec, SpecError> {
    this.#spec ??= parseExternalSecretSpec(this.#document.spec, this.meta.name);
    return this.#spec;
  }

  get status(): ExternalSecretStatus | undefined {
    this.#status ??= parseExternalSecretStatus(this.#document.status);
    return this.#status;
  }
}
