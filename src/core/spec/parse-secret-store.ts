// From the wire to a SecretStoreRecord, for both kinds: structure by the generated schema, rules between fields here.

import { failed, ok, type Result } from "../result.ts";
import { recordOf, textOf } from "../unknown.ts";
import { isInterval, parseIntervalMs } from "./duration.ts";
import type { StoreKind } from "./external-secret.ts";
import { parseAws } from "./parse-aws.ts";
import { parseAzure } from "./parse-azure.ts";
import { parseConditions } from "./parse-conditions.ts";
import { parseMeta } from "./parse-meta.ts";
import { parseSecretStoreStatus } from "./parse-status.ts";
import { parseVault } from "./parse-vault.ts";
import type { SecretStoreRecord, SpecError } from "./records.ts";
import { ruleMessages } from "./rules.ts";
import { clusterSecretStoreSpecSchema } from "./schemas/cluster-secret-store-spec.ts";
import { secretStoreSpecSchema } from "./schemas/secret-store-spec.ts";
import type { NamespaceCondition, ProviderSpec, SecretStoreSpec } from "./secret-store.ts";
import { conform, type Wire } from "./wire-schema.ts";

/** A ClusterSecretStore's spec is a SecretStore's with conditions. */
type SpecWire = Wire<typeof secretStoreSpecSchema>;

const DEFAULT_REFRESH_INTERVAL_MS = 5 * 60_000;

/** Fails only if the object has no name; an invalid spec is a value of the record. */
export function parseSecretStore(raw: unknown, kind: StoreKind): Result<SecretStoreRecord, SpecError> {
  const meta = parseMeta(raw);
  if (!meta.ok) return meta;
  const spec = recordOf(raw)["spec"];
  return ok({
    kind,
    meta: meta.value,
    controller: textOf(recordOf(spec)["controller"]),
    spec: kind === "SecretStore" ? parseNamespaced(spec) : parseCluster(spec),
    status: parseSecretStoreStatus(recordOf(raw)["status"]),
  });
}

function parseNamespaced(raw: unknown): Result<SecretStoreSpec, SpecError> {
  const wire = conform(secretStoreSpecSchema, raw, "spec");
  return wire.ok ? parseSpec(wire.value, "SecretStore", []) : wire;
}

function parseCluster(raw: unknown): Result<SecretStoreSpec, SpecError> {
  const wire = conform(clusterSecretStoreSpecSchema, raw, "spec");
  if (!wire.ok) return wire;
  const conditions = parseConditions(wire.value.conditions ?? []);
  return conditions.ok ? parseSpec(wire.value, "ClusterSecretStore", conditions.value) : conditions;
}

function parseSpec(
  wire: SpecWire,
  kind: StoreKind,
  conditions: readonly NamespaceCondition[],
): Result<SecretStoreSpec, SpecError> {
  const refreshIntervalMs = parseInterval(wire.refreshInterval);
  if (!refreshIntervalMs.ok) return refreshIntervalMs;
  const provider = parseProvider(wire.provider ?? {}, kind);
  if (!provider.ok) return provider;
  return ok({
    controller: wire.controller,
    refreshIntervalMs: refreshIntervalMs.value,
    limits: { requestsPerSecond: wire.limits?.requestsPerSecond, maxInFlight: wire.limits?.maxInFlight },
    provider: provider.value,
    conditions,
  });
}

/** The one provider that is named; two are as wrong as none. */
function parseProvider(wire: NonNullable<SpecWire["provider"]>, kind: StoreKind): Result<ProviderSpec, SpecError> {
  const { vault, aws, azurekv } = wire;
  const parsers = [
    vault && (() => parseVault(vault, kind, "spec.provider.vault")),
    aws && (() => parseAws(aws, kind, "spec.provider.aws")),
    azurekv && (() => parseAzure(azurekv, kind, "spec.provider.azurekv")),
  ].filter((parse) => parse !== undefined);
  const [parse] = parsers;
  if (parse === undefined || parsers.length > 1) return failed({ path: "spec", message: ruleMessages.oneProvider });
  return parse();
}

function parseInterval(wire: number | string | undefined): Result<number, SpecError> {
  const ms = typeof wire === "string" ? parseIntervalMs(wire) : (wire ?? 0) * 1_000;
  if (ms === undefined || !isInterval(ms))
    return failed({ path: "spec.refreshInterval", message: ruleMessages.storeInterval });
  return ok(ms === 0 ? DEFAULT_REFRESH_INTERVAL_MS : ms);
}
