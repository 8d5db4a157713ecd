/**
 * The running seat: verify → step → write → send, in one synchronous piece. The output gate holds what is sent until what was
 * written before it is durable; nothing here awaits, so nothing can come between.
 */
import { rowsOf } from "../arbiter/adopt.ts";
import { evaluateBlock } from "../arbiter/evaluate.ts";
import type { BlockContext, Rules } from "../arbiter/evaluation.ts";
import { DOMAINS } from "../arbiter/registry.ts";
import { known } from "../shared/assert.ts";
import type { Deployment } from "../shared/config.ts";
import { leafDigest, resultDigest } from "../shared/digests.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import { DOMAIN_VERSION, genesisDigest, seatKeys, wardenKey } from "../shared/genesis.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import { courtOf } from "../shared/names.ts";
import type { Notes } from "../shared/shell/identity.ts";
import type { Batch, Block, EntityRow, Header, Writ } from "../shared/types.ts";
import type { Bench } from "./bench.ts";
import { objection, parseMessages, writObjection } from "./consensus/check.ts";
import type { Message } from "./consensus/messages.ts";
import { seatFrom } from "./consensus/seat.ts";
import type { Durable, Effect, Input, Seat, Setup, Tip } from "./consensus/seat.ts";
import { matters, step } from "./consensus/step.ts";
import type { Post } from "./post.ts";
import { RowDamaged, rowDigest } from "./rows.ts";

/** What the seat runs on. */
export interface Chambers {
  readonly bench: Bench;
  readonly genesis: Genesis;
  readonly post: Post;
}

/** What the object does besides, told in the same synchronous piece. */
export interface Listener {
  readonly armed: (at: number | null) => void;
  readonly agreed: (height: number, rows: readonly EntityRow[]) => void;
}

export class Agreement {
  readonly #in: Chambers;
  readonly #listener: Listener;
  readonly setup: Setup;
  readonly seat: Seat;
  readonly #heard: number[];
  /** Messages and writs that were malformed, forged or not for us. */
  dropped = 0;

  constructor(chambers: Chambers, listener: Listener) {
    this.#in = chambers;
    this.#listener = listener;
    this.setup = setupOf(chambers);
    this.#heard = Array.from({ length: this.setup.quorum.n }, () => 0);
    this.seat = this.#load();
  }

  get heard(): readonly number[] {
    return this.#heard;
  }

  get quarantine(): string | null {
    return this.#in.bench.notes.get("quarantine") ?? null;
  }

  input(input: Input): void {
    const effects = step(this.seat, input);
    let applied = false;
    for (const effect of effects) applied = this.#carryOut(effect, input.now) || applied;
    if (applied) {
      this.input({
        kind: "applied",
        nextExpiry: this.#in.bench.state.nextExpiry(),
        now: input.now,
      });
    }
  }

  /** Messages of one peer's call, checked and taken one by one; the text of what is said back to it. */
  deliver(text: string, now: number): string {
    const { messages, dropped } = parseMessages(text);
    this.dropped += dropped;
    let replies: Message[] = [];
    for (const message of messages) {
      if (!matters(this.seat, message)) continue;
      if (objection(message, this.setup, this.#in.bench.verify) !== null) {
        this.dropped += 1;
        continue;
      }
      if (this.#heard[message.from] !== now) this.#heard[message.from] = now;
      // Only a verified sender is the caller: replies go to whom they are meant for, not to whoever called.
      if (replies.length === 0) replies = this.#in.post.replyTo(message.from);
      this.input({ kind: "message", message, now });
    }
    this.#in.post.hangUp();
    this.#in.post.flush();
    return JSON.stringify(this.#in.bench.faults.mute(now) ? [] : replies);
  }

  /** Takes a Warden's writ to be decided; false if its seal or form is wrong. */
  submit(writ: Writ, now: number): boolean {
    if (writObjection(writ, this.setup, this.#in.bench.verify) !== null) {
      this.dropped += 1;
      return false;
    }
    this.input({ kind: "writ", writ, now });
    this.#in.post.flush();
    return true;
  }

  /** A timer, the start, or the Ledger's backlog. */
  prompt(
    input: Exclude<Input, { kind: "message" } | { kind: "writ" } | { kind: "applied" }>,
  ): void {
    this.input(input);
    this.#in.post.flush();
  }

  /** Whether a writ is wholly decided. */
  decided(writ: Writ): boolean {
    const done = this.seat.progress.get(writ.warden);
    return (
      done !== undefined &&
      (done.number > writ.number || (done.number === writ.number && done.complete))
    );
  }

  /** Whether this seat has committed to a height that it does not yet know decided. */
  committedAhead(): boolean {
    return this.seat.commit !== null;
  }

  #carryOut(effect: Effect, now: number): boolean {
    const { post, bench } = this.#in;
    const { notes, chain, state, incidents, faults } = bench;
    switch (effect.kind) {
      case "persist":
        chain.keepWrits(effect.writs);
        keepVotes(notes, effect.durable);
        return false;
      case "agree":
        chain.append(effect.block);
        chain.keepProgress(this.seat.progress.values());
        state.apply(effect.evaluation, effect.block.header.time);
        this.#listener.agreed(effect.block.header.height, effect.evaluation.entities);
        return true;
      case "quarantine":
        notes.put("quarantine", effect.reason);
        incidents.record(
          { kind: "quarantine", height: this.seat.tip.height, detail: effect.reason },
          now,
        );
        return false;
      case "send":
        if (!faults.mute(now)) post.hold(effect.to, effect.message);
        return false;
      case "arm":
        this.#listener.armed(effect.at);
        return false;
      case "accuse":
        incidents.record(effect.incident, now);
        return false;
    }
  }

  #load(): Seat {
    const { notes, chain, state, incidents, sign } = this.#in.bench;
    const incarnation = Number(notes.get("incarnation") ?? 0) + 1;
    notes.put("incarnation", String(incarnation));
    const tip = this.#tip();
    if (incarnation > 1)
      incidents.record({ kind: "recovery", height: tip.height, incarnation }, Date.now());
    return seatFrom({
      setup: this.setup,
      world: {
        evaluate: (batch) => this.#evaluate(batch),
        adopt: (block) => this.#adopt(block),
        sign,
        blocksAbove: (height) => chain.above(height, LIMITS.syncBlocks, LIMITS.syncBytes),
      },
      incarnation,
      tip,
      progress: chain.progress(),
      nextExpiry: state.nextExpiry(),
      durable: storedVotes(notes),
      batchOf: (header) => chain.batch(header),
      voice: this.quarantine === null,
    });
  }

  #tip(): Tip {
    const { chain } = this.#in.bench;
    const height = chain.height();
    if (height === 0) return genesisTip(this.#in.genesis);
    const { header, certificate } = known(chain.head(height), "the highest block is there");
    return {
      height,
      block: certificate.block,
      batch: certificate.batch,
      result: certificate.result,
      time: header.time,
      certificate,
    };
  }

  #evaluate(batch: Batch): Evaluation {
    const { state, faults, deployment } = this.#in.bench;
    try {
      const evaluation = evaluateBlock(
        contextOf(batch.header),
        eventsOf(batch),
        state,
        rulesOf(deployment),
      );
      return faults.corrupted(evaluation, Date.now());
    } catch (error) {
      // Without a voice a damaged row cannot mislead anybody: the result fits none, and the certified one is adopted.
      if (error instanceof RowDamaged && this.quarantine !== null) return NO_EVALUATION;
      throw error;
    }
  }

  #adopt(block: Block): Evaluation | null {
    const rows = rowsOf(
      contextOf(block.header),
      eventsOf(block),
      block.outcomes,
      rulesOf(this.#in.bench.deployment),
    );
    if (rows === null) return null;
    const { outcomes, result } = block;
    const submitted = block.entries.reduce((sum, entry) => sum + entry.count, 0);
    return {
      ...rows,
      outcomes,
      leaves: outcomes.map(leafDigest),
      root: result.root,
      system: outcomes.length - submitted,
      fits: submitted,
    };
  }
}

const NO_EVALUATION: Evaluation = {
  outcomes: [],
  leaves: [],
  root: "",
  system: 0,
  fits: LIMITS.blockEvents,
  entities: [],
  keys: [],
};

function setupOf({ bench, genesis }: Chambers): Setup {
  const { deployment, court, seat } = bench;
  const { document } = genesis;
  return {
    court,
    epoch: 1,
    seat,
    quorum: deployment.quorum,
    domainVersion: DOMAIN_VERSION,
    keys: seatKeys(document, court),
    wardenKeys: Array.from({ length: document.wardens }, (_, warden) =>
      wardenKey(document, warden),
    ),
  };
}

function genesisTip(genesis: Genesis): Tip {
  const block = genesisDigest(genesis.document);
  const result = resultDigest({ prior: block, count: 0, root: "", state: null });
  return { height: 0, block, batch: "", result, time: genesis.document.time, certificate: null };
}

function contextOf({ court, height, time, domainVersion }: Header): BlockContext {
  return { court, height, time, domainVersion };
}

function eventsOf(batch: Batch): string[] {
  return batch.entries.flatMap(({ writ, first, count }) => writ.events.slice(first, first + count));
}

function rulesOf(deployment: Deployment): Rules {
  return {
    registry: DOMAINS,
    windowMs: deployment.windowMs,
    clockBoundMs: LIMITS.clockBoundMs,
    courtOf: (tenant, partition) => courtOf(deployment, tenant, partition),
  };
}

function keepVotes(notes: Notes, durable: Durable): void {
  const body = JSON.stringify(durable);
  notes.put("votes", rowDigest("votes", body) + body);
}

/** Votes that were damaged may not be replaced by none: that would be amnesia, and could become equivocation. */
function storedVotes(notes: Notes): Durable | null {
  const stored = notes.get("votes");
  if (stored === undefined) return null;
  const body = stored.slice(64);
  if (rowDigest("votes", body) !== stored.slice(0, 64)) throw new RowDamaged("votes");
  return JSON.parse(body) as Durable;
}
