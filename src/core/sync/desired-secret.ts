// What the target Secret should be: data from the rendering, metadata from the template or, without one, from the
// ExternalSecret itself.

import type { ObjectMeta } from "../spec/records.ts";
import type { SecretValue } from "../secret-value.ts";
import type { Target } from "../spec/external-secret.ts";
import { ADOPT_ANNOTATION, MANAGED_BY_LABEL, MANAGED_LABEL, MARK_ANNOTATION } from "./names.ts";
import { isExclusive } from "./ownership.ts";

export interface DesiredSecret {
  readonly data: ReadonlyMap<string, SecretValue>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Undefined: keep the type that is there; Opaque for a new Secret. */
  readonly type: string | undefined;
  readonly immutable: boolean;
}

/** Labels and annotations of these groups belong to other tools: they are never copied. */
const FOREIGN_GROUPS = ["fairlead.dev", "kubectl.kubernetes.io", "argocd.argoproj.io", "helm.sh", "meta.helm.sh"];
const FLUX_SUFFIX = ".fluxcd.io";
/** Ours to decide, whatever a template says. */
const NEVER_WANTED = new Set([MARK_ANNOTATION, ADOPT_ANNOTATION, MANAGED_LABEL, MANAGED_BY_LABEL]);
const NEVER_COPIED = new Set(["force-sync", MANAGED_BY_LABEL, "app.kubernetes.io/instance"]);

export function desiredSecret(meta: ObjectMeta, target: Target, data: ReadonlyMap<string, SecretValue>): DesiredSecret {
  const mark = isExclusive(target.creationPolicy) ? { [MARK_ANNOTATION]: meta.name } : {};
  return {
    data,
    labels: { ...ours(target.template?.labels ?? copied(meta.labels)), [MANAGED_LABEL]: "true" },
    annotations: { ...ours(target.template?.annotations ?? copied(meta.annotations)), ...mark },
    type: target.template?.type,
    immutable: target.immutable,
  };
}

/** Security metadata never comes from a template: the mark and the adoption are ours to decide (CVE-2026-22728). */
function ours(wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => !NEVER_WANTED.has(name)));
}

function copied(source: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(source).filter(([name]) => isCopied(name)));
}

function isCopied(name: string): boolean {
  const group = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
  return !NEVER_COPIED.has(name) && !FOREIGN_GROUPS.includes(group) && !group.endsWith(FLUX_SUFFIX);
}
