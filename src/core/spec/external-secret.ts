// What an ExternalSecret asks for, after parsing: defaults are filled in, every combination that cannot work is gone.
// Only `parse-external-secret.ts` makes these from the wire.

import type { MetadataPolicy, NamePattern } from "../provider/port.ts";

export type StoreKind = "SecretStore" | "ClusterSecretStore";
export interface StoreRef {
  readonly kind: StoreKind;
  readonly name: string;
}

export type RefreshPolicy = "Periodic" | "OnChange" | "CreatedOnce";
export type CreationPolicy = "Owner" | "Orphan" | "Merge" | "CreateOrMerge" | "None";
export type DeletionPolicy = "Retain" | "Delete" | "Merge";
export type ConversionStrategy = "Default" | "Unicode";
export type DecodingStrategy = "None" | "Base64" | "Base64URL" | "Auto";
export type NullBytePolicy = "Ignore" | "Fail";

/** How values and key names are converted; the same for every source. */
export interface ConversionRules {
  readonly conversionStrategy: ConversionStrategy;
  readonly decodingStrategy: DecodingStrategy;
  readonly nullBytePolicy: NullBytePolicy;
}

/** One remote object, optionally a property of it. */
export interface RemoteReference extends ConversionRules {
  readonly key: string;
  readonly version: string | undefined;
  readonly property: string | undefined;
  readonly metadataPolicy: MetadataPolicy;
}

export interface RewriteRule {
  /** RE2, compiled by the parser. */
  readonly pattern: NamePattern;
  /** Replacement with `$1` or `${name}` groups, as in Go's `ReplaceAllString`. */
  readonly target: string;
}

/** One way to fill keys of the Secret. `store` is the entry's own, or the spec's. */
export type Source =
  | { readonly kind: "data"; readonly store: StoreRef; readonly secretKey: string; readonly remoteRef: RemoteReference }
  | {
      readonly kind: "extract";
      readonly store: StoreRef;
      readonly remoteRef: RemoteReference;
      readonly rewrite: readonly RewriteRule[];
    }
  | {
      readonly kind: "find";
      readonly store: StoreRef;
      readonly find: FindReference;
      readonly rewrite: readonly RewriteRule[];
    };

export interface FindReference extends ConversionRules {
  readonly path: string | undefined;
  readonly name: NamePattern | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** `target.template` as far as it is served: type and literal metadata. */
export interface TargetTemplate {
  readonly type: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Target {
  readonly name: string;
  readonly creationPolicy: CreationPolicy;
  readonly deletionPolicy: DeletionPolicy;
  readonly immutable: boolean;
  /** Undefined: labels and annotations of the ExternalSecret are copied, and the type is Opaque. */
  readonly template: TargetTemplate | undefined;
}

export interface ExternalSecretSpec {
  readonly refreshPolicy: RefreshPolicy;
  /** 0: never by time. Else 1,000 to 8,760 hours in milliseconds. */
  readonly refreshIntervalMs: number;
  readonly suspend: boolean;
  readonly target: Target;
  /** In the order they are applied: `dataFrom` in list order, then `data`; later ones win. At least one. */
  readonly sources: readonly Source[];
}
