/** A chain written by hand for the simulator's checkers: real evaluations unless a script alters them, certified by modelled seats. */
import { attestDigest } from "../../objects/ledger/attest.ts";
import { rowsOf } from "../../objects/ledger/rows.ts";
import { inventory } from "../../objects/arbiter/domains/inventory.ts";
import { known } from "../../objects/shared/assert.ts";
import {
  batchDigest,
  blockDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../objects/shared/digests.ts";
import { controlOutcome } from "../../objects/shared/control.ts";
import type { Control } from "../../objects/shared/control.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { receiptOf, settledBody } from "../../objects/shared/settled.ts";
import type { Block, Certificate, Entry, Header, Outcome } from "../../objects/shared/types.ts";
import type { Options } from "../simulator/checkers/part.ts";
import type { Fact, LedgerTables, Noted, Told } from "../simulator/history.ts";
import { Cluster, tipOf } from "./cluster.ts";
import { optionsOf } from "./film.ts";
import { Bench, RETENTION_MS, rulesOf } from "../../kit/memory.ts";

const SEAT = 0;

export interface Twist {
  /** Outcomes as they are agreed, instead of those that evaluation gives. */
  readonly outcomes?: (texts: readonly string[]) => readonly string[];
  /** Rows that the seat keeps. */
  readonly rows?: (evaluation: Evaluation) => Evaluation;
  readonly entries?: (entries: readonly Entry[]) => readonly Entry[];
  readonly control?: Control;
  /** State root in the result. */
  readonly root?: string | null;
  /** Block time, where it is not the time of the scene. */
  readonly time?: number;
}

export class Scene {
  /** K, for the options of the checkers and for {@link roots}. */
  rootEvery = 1_000;
  readonly noted: Noted[] = [];
  readonly chain: Block[] = [];
  now = 1_800_000_000_000;
  readonly #court = new Cluster();
  readonly #bench = new Bench(rulesOf(inventory));
  readonly #started = this.now;
  #number = 0;

  constructor() {
    this.note({ kind: "started", seat: SEAT, incarnation: 1, voice: true });
  }

  get options(): Options {
    const { block, result } = tipOf([]);
    return optionsOf(this.#court, {
      parties: true,
      rootEvery: this.rootEvery,
      genesis: { block, result, time: this.#started - 1 },
      retentionMs: RETENTION_MS,
    });
  }

  sign(digest: string, seat = SEAT): string {
    return this.#court.sign(seat, digest);
  }

  note(fact: Fact): void {
    this.noted.push({ at: this.now, fact });
  }

  submit(...events: readonly string[]): void {
    for (const event of events) this.note({ kind: "submitted", client: 0, event });
  }

  answer(event: string, told: Told): void {
    this.note({ kind: "answered", client: 0, event, told });
  }

  /** The events as one writ, sealed, agreed in a block and submitted before if nobody has. */
  block(events: readonly string[], twist: Twist = {}): Block {
    const sent = new Set(
      this.noted.flatMap(({ fact }) => (fact.kind === "submitted" ? [fact.event] : [])),
    );
    this.submit(...events.filter((event) => !sent.has(event)));
    const entries = events.length === 0 ? [] : [this.#entry(events)];
    return this.decide(twist.entries?.(entries) ?? entries, twist);
  }

  /** Without a word of who submitted or sealed it. */
  decide(entries: readonly Entry[], twist: Twist = {}): Block {
    this.now += 10;
    const tip = tipOf(this.chain);
    const time = twist.time ?? this.now;
    const header: Header = {
      court: 0,
      epoch: 1,
      height: tip.height + 1,
      parent: tip.block,
      time,
      domainVersion: 1,
      control: twist.control ?? null,
      entries: entryDigests(entries),
    };
    const events = entries.flatMap(({ writ, first, count }) =>
      writ.events.slice(first, first + count),
    );
    const condemned = entries[0]?.poison?.reason;
    const evaluation =
      condemned === undefined
        ? this.#bench.block(time, ...events)
        : this.#bench.condemn(time, condemned, events[0] ?? "");
    const own = header.control === null ? [] : [controlOutcome(header.control)];
    const evaluated = [...evaluation.outcomes, ...own];
    const outcomes = twist.outcomes?.(evaluated) ?? evaluated;
    const root = merkleRoot(outcomes.map(leafDigest));
    const state = twist.root ?? null;
    const result = { prior: tip.result, count: outcomes.length, root, state };
    const certificate = this.#certified(header, resultDigest(result));
    const block = { header, entries, result, outcomes, certificate };
    this.chain.push(block);
    const rows = twist.rows?.(evaluation) ?? evaluation;
    this.note({ kind: "agreed", seat: SEAT, block, evaluation: rows });
    return block;
  }

  entry(events: readonly string[]): Entry {
    return this.#entry(events);
  }

  #entry(events: readonly string[]): Entry {
    const number = ++this.#number;
    this.note({ kind: "sealed", warden: 0, number, events });
    return { writ: this.#court.writ(number, events), first: 0, count: events.length };
  }

  #certified(header: Header, result: string): Certificate {
    const { height } = header;
    const batch = batchDigest(header);
    const block = blockDigest(height, header.parent, batch, result);
    const value = { height, view: 0, batch, result };
    const prepare = this.#court.said(SEAT, { kind: "prepare", ...value }, 3 * height);
    const commits = [0, 1, 2].map((seat) =>
      this.#court.said(seat, { kind: "commit", ...value, block }, 3 * height + 1),
    );
    const [commit = null] = commits;
    const vote = { prepare, header };
    const durable = {
      view: 0,
      viewStart: 1,
      vote,
      commit,
      prepared: null,
      change: null,
      dissents: 0,
      attempts: null,
    };
    this.note({ kind: "stored", seat: SEAT, durable });
    const signatures = commits.map(({ from, incarnation, sequence, signature }) => {
      return { seat: from, incarnation, sequence, signature };
    });
    return { court: 0, epoch: 1, ...value, block, signatures };
  }
}

/** The chain as the Ledger has it, the last words of two seats beside it. */
export function tablesOf(scene: Scene): { -readonly [T in keyof LedgerTables]: Row[] } {
  const rows = scene.chain.map(rowsOf);
  const versions = scene.chain.flatMap(({ header, outcomes }) =>
    outcomes.flatMap((text, idx) => {
      const { tenant, changes } = JSON.parse(text) as Outcome;
      const place = { court: 0, height: header.height, idx };
      return changes.map(({ entity, version }) => ({ tenant, entity, version, ...place }));
    }),
  );
  const order = ({ entity, version }: (typeof versions)[number]): string =>
    `${entity} ${String(version).padStart(9, "0")}`;
  const { header, certificate } = known(scene.chain.at(-1), "a chain that is not empty");
  const { height } = header;
  const words = [SEAT, SEAT + 2].map((seat) => {
    const word = { court: 0, seat, height, block: certificate.block };
    return { ...word, signature: scene.sign(attestDigest(0, height, word.block), seat) };
  });
  return {
    genesis: [],
    blocks: rows.map(({ block }) => ({ ...block })),
    writs: rows.flatMap(({ writs }) => writs.map((row) => ({ ...row }))),
    events: rows.flatMap(({ events }) => events.map((row) => ({ ...row }))),
    entity_versions: versions.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)),
    attestations: words,
  };
}

type Row = LedgerTables["blocks"][number];

/** What a Warden tells of an outcome. */
export function toldOf({ header, certificate, outcomes }: Block, index: number): Told {
  const text = outcomes[index] ?? "";
  const outcome = leafDigest(text);
  const body = settledBody(
    JSON.parse(text) as Outcome,
    receiptOf(header, certificate, index, outcome),
  );
  const { height } = header;
  return { kind: "outcome", outcome, body, height, index, block: certificate.block };
}
