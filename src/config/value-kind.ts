// Kinds of values that a setting can have: how they are written, read, and described to the person who got one wrong.

import { parseDurationMs } from "../core/spec/duration.ts";

export interface ValueKind<T> {
  /** How help shows the value, such as `NUMBER`. */
  readonly placeholder: string;
  /** What is accepted, with unit and range; completes "must be …". */
  readonly expected: string;
  /** Undefined: not accepted. */
  parse(text: string): T | undefined;
  format(value: T): string;
}

export function wholeNumber(min: number, max: number): ValueKind<number> {
  return {
    placeholder: "NUMBER",
    expected: `a whole number from ${min} to ${max}`,
    parse: (text) => (/^\d{1,9}$/.test(text) ? within(Number(text), min, max) : undefined),
    format: String,
  };
}

/** A length of time; the value is milliseconds. */
export function duration(minMs: number, maxMs: number): ValueKind<number> {
  return {
    placeholder: "DURATION",
    expected: `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, such as 500ms, 10s or 1m30s`,
    parse: (text) => {
      const ms = parseDurationMs(text);
      return ms === undefined ? undefined : within(Math.round(ms), minMs, maxMs);
    },
    format: formatDuration,
  };
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

function formatDuration(ms: number): string {
  const [unit, unitMs] = Object.entries(UNIT_MS).findLast(([, size]) => ms % size === 0) ?? ["ms", 1];
  return `${ms / unitMs}${unit}`;
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

/** `--flag` alone means true. */
export const truth: ValueKind<boolean> = {
  placeholder: "",
  expected: "true or false",
  parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
  format: String,
};

export function oneOf<T extends string>(...values: readonly T[]): ValueKind<T> {
  return {
    placeholder: "NAME",
    expected: `one of ${values.join(", ")}`,
    parse: (text) => values.find((value) => value === text),
    format: (value) => value,
  };
}

const MAX_TEXT_LENGTH = 4096;

export function text(placeholder: string): ValueKind<string> {
  return {
    placeholder,
    expected: `text of 1 to ${MAX_TEXT_LENGTH} characters`,
    parse: (value) => (value !== "" && value.length <= MAX_TEXT_LENGTH ? value : undefined),
    format: (value) => value,
  };
}

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** Names of hosts and DNS suffixes, separated by commas; none by default. */
export const hostList: ValueKind<readonly string[]> = {
  placeholder: "HOSTS",
  expected: "names of hosts in lower case, separated by commas, such as login.example.com,vault.example.com",
  parse: (value) => {
    const hosts = value.split(",").map((host) => host.trim());
    return hosts.every((host) => HOST.test(host)) ? hosts : undefined;
  },
  format: (hosts) => hosts.join(","),
};

export interface SocketAddress {
  readonly host: string;
  /** 0: a free port is chosen. */
  readonly port: number;
}

const SOCKET_ADDRESS = /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<host>[0-9A-Za-z.-]+)):(?<port>\d{1,5})$/;
const MAX_PORT = 65_535;

export const socketAddress: ValueKind<SocketAddress> = {
  placeholder: "HOST:PORT",
  expected: `HOST:PORT with a port from 0 to ${MAX_PORT} (0: a free one), such as 127.0.0.1:8080 or [::]:8080`,
  parse: (value) => {
    const { ipv6, host, port } = SOCKET_ADDRESS.exec(value)?.groups ?? {};
    const address = ipv6 ?? host;
    return address === undefined || Number(port) > MAX_PORT ? undefined : { host: address, port: Number(port) };
  },
  format: ({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`,
};
