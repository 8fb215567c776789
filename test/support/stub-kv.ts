// The KV mounts of the stub Vault: versions, deletion, destruction, metadata and lists, answered in Vault's shapes
// (Vault docs, api-docs/secret/kv). Times are counted, not taken from a clock.

export interface StubAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface StubVersion {
  /** JSON text, so that a test decides how numbers are written. */
  readonly json: string;
  readonly createdTime: string;
  deletionTime: string;
  destroyed: boolean;
}

interface StubSecret {
  readonly versions: StubVersion[];
  readonly createdTime: string;
  updatedTime: string;
  custom: Readonly<Record<string, string>> | null;
}

/** Vault's answer to an absent key. */
export const ABSENT: StubAnswer = { status: 404, body: { errors: [] } };

/** Text of the server that must never be copied. */
export const VENDOR_TEXT = "vendor-text-with-canary-9d1f";

export class StubMount {
  readonly type: string;
  readonly version: 1 | 2;
  readonly accessor: string;
  readonly #secrets = new Map<string, StubSecret>();
  #ticks = 0;

  constructor(version: 1 | 2, accessor: string, type = "kv") {
    this.version = version;
    this.accessor = accessor;
    this.type = type;
  }

  put(key: string, data: Readonly<Record<string, unknown>> | string): void {
    const json = typeof data === "string" ? data : JSON.stringify(data);
    const createdTime = this.#tick();
    const secret = this.#secrets.get(key) ?? { versions: [], createdTime, updatedTime: createdTime, custom: null };
    const versions = this.version === 2 ? secret.versions : [];
    versions.push({ json, createdTime, deletionTime: "", destroyed: false });
    this.#secrets.set(key, { ...secret, versions, updatedTime: createdTime });
  }

  /** The current version, or a given one; the time is of Vault's clock and may lie ahead. */
  softDelete(key: string, deletionTime = this.#tick()): void {
    const version = this.#secrets.get(key)?.versions.at(-1);
    if (version !== undefined) version.deletionTime = deletionTime;
  }

  destroy(key: string): void {
    const version = this.#secrets.get(key)?.versions.at(-1);
    if (version !== undefined) version.destroyed = true;
  }

  deleteMetadata(key: string): void {
    this.#secrets.delete(key);
  }

  tag(key: string, custom: Readonly<Record<string, string>>): void {
    const secret = this.#secrets.get(key);
    if (secret !== undefined) this.#secrets.set(key, { ...secret, custom, updatedTime: this.#tick() });
  }

  /** `path` is what follows the mount in the URL. */
  answer(path: string, query: URLSearchParams): StubAnswer {
    const isList = query.get("list") === "true";
    if (this.version === 1) return isList ? this.#list(path) : this.#readV1(path);
    const [kind, ...rest] = path.split("/");
    const key = rest.join("/");
    if (kind === "metadata") return isList ? this.#list(key) : this.#metadata(key);
    if (kind === "data" && !isList) return this.#readV2(key, query.get("version"));
    return { status: 404, body: { errors: [`${VENDOR_TEXT}: unsupported path`] } };
  }

  #readV1(key: string): StubAnswer {
    const json = this.#secrets.get(key)?.versions.at(-1)?.json;
    return json === undefined ? ABSENT : rawJson(200, `{"request_id":"r","lease_duration":2764800,"data":${json}}`);
  }

  #readV2(key: string, pinned: string | null): StubAnswer {
    const versions = this.#secrets.get(key)?.versions ?? [];
    const number = pinned === null ? versions.length : Number(pinned);
    const version = versions[number - 1];
    if (version === undefined) return ABSENT;
    const { json, createdTime, deletionTime, destroyed } = version;
    const isGone = destroyed || (deletionTime !== "" && !deletionTime.startsWith("2999"));
    const metadata = JSON.stringify({
      created_time: createdTime,
      custom_metadata: null,
      deletion_time: deletionTime,
      destroyed,
      version: number,
    });
    return rawJson(
      isGone ? 404 : 200,
      `{"request_id":"r","data":{"data":${isGone ? "null" : json},"metadata":${metadata}}}`,
    );
  }

  #metadata(key: string): StubAnswer {
    const secret = this.#secrets.get(key);
    if (secret === undefined) return ABSENT;
    const versions = Object.fromEntries(
      secret.versions.map(({ createdTime, deletionTime, destroyed }, index) => [
        String(index + 1),
        { created_time: createdTime, deletion_time: deletionTime, destroyed },
      ]),
    );
    const data = {
      created_time: secret.createdTime,
      updated_time: secret.updatedTime,
      current_version: secret.versions.length,
      custom_metadata: secret.custom,
      delete_version_after: "0s",
      versions,
    };
    return { status: 200, body: { data } };
  }

  #list(folder: string): StubAnswer {
    const prefix = folder === "" ? "" : `${folder}/`;
    const below = [...this.#secrets.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    const keys = [
      ...new Set(below.map((key) => (key.includes("/") ? key.slice(0, key.indexOf("/") + 1) : key))),
    ].sort();
    return keys.length === 0 ? ABSENT : { status: 200, body: { data: { keys } } };
  }

  #tick(): string {
    this.#ticks += 1;
    return new Date(Date.UTC(2025, 0, 1) + this.#ticks * 1000).toISOString().replace("000Z", "000000001Z");
  }
}

/** A body given as JSON text. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function rawJson(status: number, text: string): StubAnswer {
  return { status, body: new JsonText(text) };
}
