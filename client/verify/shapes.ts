/** The shape of an answer with its proof, so that what is digested below is what it is taken for. */
import type { CloudEvent } from "../types.ts";
import type { Control } from "../../objects/shared/control.ts";
import type {
  Certificate,
  Change,
  Header,
  Outcome,
  Receipt,
  ResultParts,
} from "../../objects/shared/types.ts";

/** What is read of the genesis; its digest covers every member. */
export interface GenesisDocument {
  readonly protocol: number;
  readonly generation: string;
  readonly mode: string;
  readonly seats: number;
  /** Public keys by object name. */
  readonly keys: { readonly [name: string]: string };
}

export interface Proof {
  readonly header: Header;
  readonly result: ResultParts;
  readonly certificate: Certificate;
  readonly index: number;
  readonly outcome: string;
  readonly path: readonly string[];
  readonly genesis: GenesisDocument;
  readonly controls: readonly { readonly header: Header; readonly certificate: Certificate }[];
}

export interface Proven {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: { readonly code: string; readonly detail: string };
  readonly changes?: readonly Change[];
  readonly first?: { readonly height: number; readonly index: number };
  readonly receipt: Receipt;
  readonly event: CloudEvent | null;
  readonly proof: Proof;
}

/** Says which member is not what it must be. */
export class Misshapen extends Error {
  override readonly name = "Misshapen";
}

type Check = (value: unknown, path: string) => void;

const fail = (path: string, what: string): never => {
  throw new Misshapen(`${path === "" ? "the answer" : path} is not ${what}`);
};
const text: Check = (value, path) => {
  if (typeof value !== "string") fail(path, "a text");
};
const natural: Check = (value, path) => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) fail(path, "a natural number");
};
const hex =
  (digits: number): Check =>
  (value, path) => {
    if (typeof value !== "string" || value.length !== digits || !/^[0-9a-f]*$/.test(value))
      fail(path, `${digits} hexadecimal digits`);
  };
const digest = hex(64);
const any: Check = () => undefined;
const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path);
  };
const nullable =
  (check: Check): Check =>
  (value, path) => {
    if (value !== null) check(value, path);
  };
const list =
  (check: Check, most = 5_000): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most) fail(path, `a list of at most ${most}`);
    for (const [index, item] of (value as readonly unknown[]).entries())
      check(item, `${path}/${index}`);
  };
const members =
  (checks: Readonly<Record<string, Check>>, exact = true): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      fail(path, "an object");
    const found = value as Readonly<Record<string, unknown>>;
    for (const [name, check] of Object.entries(checks)) check(found[name], `${path}/${name}`);
    // A member that no digest covers would pass unproven.
    const more = Object.keys(found).find((name) => !Object.hasOwn(checks, name));
    if (exact && more !== undefined) fail(`${path}/${more}`, "a member that is known");
  };
const tuple =
  (...checks: readonly Check[]): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length !== checks.length)
      fail(path, `a list of ${checks.length}`);
    for (const [index, check] of checks.entries())
      check((value as readonly unknown[])[index], `${path}/${index}`);
  };

const header = members({
  court: natural,
  epoch: natural,
  height: natural,
  parent: digest,
  time: natural,
  domainVersion: natural,
  control: nullable(any),
  entries: list(tuple(digest, natural, natural, nullable(digest))),
});

/** More signatures than seats nobody honest has, and each costs a verification. */
const certificate = members({
  court: natural,
  epoch: natural,
  height: natural,
  view: natural,
  batch: digest,
  result: digest,
  block: digest,
  signatures: list(
    members({ seat: natural, incarnation: natural, sequence: natural, signature: hex(128) }),
    7,
  ),
});

const keys: Check = (value, path) => {
  if (typeof value !== "object" || value === null) fail(path, "an object");
  for (const [name, key] of Object.entries(value as object)) digest(key, `${path}/${name}`);
};

const genesis = members({
  protocol: natural,
  generation: text,
  mode: text,
  seats: natural,
  courts: natural,
  wardens: natural,
  windowMs: natural,
  rootEvery: natural,
  domains: list(text),
  domainVersion: natural,
  time: natural,
  keys,
});

const proven = members(
  {
    id: text,
    source: text,
    type: text,
    status: text,
    event: nullable(any),
    receipt: members({
      court: natural,
      height: natural,
      index: natural,
      streamTime: text,
      domainVersion: natural,
      block: digest,
      outcome: digest,
    }),
    proof: members({
      header,
      result: members({ prior: digest, count: natural, root: digest, state: nullable(digest) }),
      certificate,
      index: natural,
      outcome: text,
      path: list(digest, 64),
      genesis,
      controls: list(members({ header, certificate }), 256),
    }),
  },
  false,
);

/** Throws {@link Misshapen}. */
export function provenIn(answer: unknown): Proven {
  proven(answer, "");
  return answer as Proven;
}

const control: Check = (value, path) => {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  if (kind === "version") return members({ kind: text, domainVersion: natural })(value, path);
  members({ kind: text, key: digest, officer: any })(value, path);
  const { officer } = value as { readonly officer: { readonly kind?: unknown } | null };
  const place = officer?.kind === "clerk" ? { seat: natural } : { warden: natural };
  members({ kind: text, ...place })(officer, `${path}/officer`);
  return kind === "key" ? undefined : fail(path, "a control");
};

export function controlIn(value: unknown): Control {
  control(value, "control");
  return value as Control;
}

const outcome = members({
  tenant: text,
  source: text,
  id: text,
  type: text,
  fingerprint: optional(digest),
  status: text,
  reason: optional(any),
  changes: list(any),
  first: optional(any),
});

export function outcomeIn(source: string): Outcome {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    fail("proof/outcome", "JSON");
  }
  outcome(value, "proof/outcome");
  return value as Outcome;
}
