/** An answer with its proof, as a server gives it, by a court of known keys; also one whose keys have changed since the genesis. */
import { canonical } from "../../objects/shared/canonical.ts";
import type { Control } from "../../objects/shared/control.ts";
import {
  batchDigest,
  blockDigest,
  digest,
  fingerprintOf,
  leafDigest,
  merklePath,
  merkleRoot,
  resultDigest,
} from "../../objects/shared/digests.ts";
import { drawKeyPair, signer } from "../../objects/shared/node/crypto.ts";
import type { KeyPair } from "../../objects/shared/node/crypto.ts";
import { receiptOf, settledBody } from "../../objects/shared/settled.ts";
import type { Certificate, Header, LedgerEvent, Outcome } from "../../objects/shared/types.ts";
import { commitDigest } from "../../objects/shared/verify.ts";

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

export interface Scene {
  readonly genesis: string;
  readonly id: string;
  readonly source: string;
  readonly tenant: string;
  /** As `GET /v1/events/{id}?proof=1` gives it. */
  readonly answer: Record<string, unknown>;
  /** As the submission was answered. */
  readonly settled: object;
}

const eventOf = (at: number): LedgerEvent => ({
  tenant: "dev",
  source: "/s",
  id: `e-${at}`,
  type: "stock.received",
  time: "2026-11-22T10:00:00.000Z",
  data: { item: "i", warehouse: "w1", quantity: at + 1 },
});

function certificateOf(
  header: Header,
  result: string,
  { seats, signers }: { readonly seats: readonly KeyPair[]; readonly signers: readonly number[] },
): Certificate {
  const { court, epoch, height, parent } = header;
  const batch = batchDigest(header);
  const block = blockDigest(height, parent, batch, result);
  const unsigned = { court, epoch, height, view: 1, batch, result, block };
  const signatures = signers.flatMap((seat) => {
    const vote = { seat, incarnation: 1, sequence: height };
    const pair = seats[seat];
    return pair === undefined
      ? []
      : [{ ...vote, signature: signer(pair)(commitDigest(unsigned, vote)) }];
  });
  return { ...unsigned, signatures };
}

/** `at` is the event among `count` of its block; `rekeyed` seats got another key at heights below. */
export function scene(
  options: {
    readonly count?: number;
    readonly at?: number;
    readonly rekeyed?: readonly number[];
    readonly signers?: readonly number[];
    readonly status?: Outcome["status"];
  } = {},
): Scene {
  const { count = 5, at = 2, rekeyed = [], signers = [0, 1, 3], status = "accepted" } = options;
  let seats = Array.from({ length: 4 }, () => drawKeyPair());
  const keys = Object.fromEntries(
    seats.map(({ publicKey }, seat) => [`1/clerk/0/${seat}`, publicKey]),
  );
  const numbers = {
    protocol: 1,
    seats: 4,
    courts: 1,
    wardens: 1,
    windowMs: 300_000,
    rootEvery: 256,
    domains: ["inventory"],
  };
  const genesis = { ...numbers, generation: "1", mode: "bft", domainVersion: 1, time: 1, keys };
  const header = (height: number, epoch: number, control: Control | null): Header => ({
    court: 0,
    epoch,
    height,
    parent: leafDigest(`${height - 1}`),
    time: Date.UTC(2026, 10, 22, 10) + height,
    domainVersion: 1,
    control,
    entries: control === null ? [[leafDigest("writ"), 0, count, null]] : [],
  });
  const controls = rekeyed.map((seat, index) => {
    const pair = drawKeyPair();
    const officer = { kind: "clerk" as const, seat };
    const control = { kind: "key" as const, officer, key: pair.publicKey };
    const changing = header(index + 2, index + 1, control);
    const certificate = certificateOf(changing, leafDigest("result"), {
      seats,
      signers: [0, 1, 2],
    });
    seats = seats.with(seat, pair);
    return { header: changing, certificate };
  });
  const events = Array.from({ length: count }, (_, index) => eventOf(index));
  const outcomes = events.map((event): Outcome => {
    const { tenant, source, id, type } = event;
    const state = { onHand: 1, reserved: 0 };
    const came =
      status === "accepted"
        ? { changes: [{ entity: "stock/i@w1", version: 1, state }] }
        : { reason: { code: "overflow", detail: "too many" }, changes: [] };
    return { tenant, source, id, type, fingerprint: fingerprintOf(event), status, ...came };
  });
  const texts = outcomes.map((outcome) => canonical(outcome));
  const leaves = texts.map(leafDigest);
  const result = { prior: leafDigest("prior"), count, root: merkleRoot(leaves), state: null };
  const own = header(rekeyed.length + 3, rekeyed.length + 1, null);
  const certificate = certificateOf(own, resultDigest(result), { seats, signers });
  const [event, outcome] = [events[at], outcomes[at]];
  if (event === undefined || outcome === undefined) throw new Error("there is no such event");
  const receipt = receiptOf(own, certificate, at, leaves[at] ?? "");
  const body = JSON.parse(settledBody(outcome, receipt)) as object;
  const { tenant, ...attributes } = event;
  const proof = {
    header: own,
    result,
    certificate,
    index: at,
    outcome: texts[at],
    path: merklePath(at, leaves),
    genesis,
    controls,
  };
  const shown = { specversion: "1.0", ...attributes };
  const answer = { ...body, event: shown, published: true, proof };
  return {
    genesis: digest("genesis", genesis),
    id: event.id,
    source: event.source,
    tenant,
    answer: structuredClone(answer),
    settled: body,
  };
}

/** The answer with one exchange in it. */
export function changed(answer: object, pointer: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(answer) as Mutable<Record<string, unknown>>;
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/"));
  const last = steps.pop() ?? "";
  const at = steps.reduce((within, step) => within[step] as Record<string, unknown>, copy);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

/** Every value in it that is no object, by its pointer. */
export function leavesOf(value: unknown, pointer = ""): [pointer: string, value: unknown][] {
  if (typeof value !== "object" || value === null) return [[pointer, value]];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, `${pointer}/${name.replaceAll("/", "~1")}`),
  );
}
