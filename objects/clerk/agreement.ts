/**
 * The running seat: verify → step → write → send, in one synchronous piece. The output gate holds what is sent until what was
 * written before it is durable; nothing here awaits, so nothing can come between.
 */
import { rowsOf } from "../arbiter/adopt.ts";
import { evaluateBlock } from "../arbiter/evaluate.ts";
import { contextOf, eventsOf } from "../arbiter/evaluation.ts";
import { leafDigest } from "../shared/digests.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import { DOMAIN_VERSION } from "../shared/genesis.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Control } from "../shared/control.ts";
import type { SeatWork } from "../shared/rpc.ts";
import { controlObjection, firstTerms } from "../shared/terms.ts";
import type { Cursor, PartId } from "../shared/state-root.ts";
import type { Batch, Block, EntityRow, Header, Writ } from "../shared/types.ts";
import type { Bench } from "./bench.ts";
import { believed, objection, parseMessages, writObjection } from "./consensus/check.ts";
import type { Message } from "./consensus/messages.ts";
import type { Effect, Input, Seat, Setup } from "./consensus/seat.ts";
import { matters, step } from "./consensus/step.ts";
import { isStranger } from "./consensus/strangers.ts";
import { lacksBlocks } from "./consensus/sync.ts";
import { submitted } from "./lately.ts";
import type { Post } from "./post.ts";
import { keepVotes, restoredSeat } from "./restore.ts";
import { RowDamaged } from "./rows.ts";
import { applyBlock } from "./source.ts";

/** What the seat runs on. */
export interface Chambers {
  readonly bench: Bench;
  readonly genesis: Genesis;
  readonly post: Post;
}

/** What the object does besides, told in the same synchronous piece. */
export interface Listener {
  readonly armed: (at: number | null) => void;
  readonly agreed: (header: Header, rows: readonly EntityRow[], now: number) => void;
  /** To be answered with `attempted` once all that was written so far is durable. */
  readonly attempt: (what: string) => void;
  /** Something is to be mended that nothing else may wake the object for. */
  readonly hurt: () => void;
  /** Storage holds another state than this life began with, or the voice is back: the next life must begin from it. */
  readonly over: () => void;
}

export class Agreement {
  readonly #in: Chambers;
  readonly #listener: Listener;
  readonly seat: Seat;
  /** Whether it began in quarantine: then the votes in storage are not to be replaced by its own. */
  readonly #follows: boolean;
  /** Whether blocks of its own chain are applied again to a state that was taken. */
  readonly #replays: boolean;
  readonly #heard: number[];
  /** Messages and writs that were malformed, forged or not for us. */
  dropped = 0;
  readonly #decided = { blocks: 0, events: 0 };

  constructor(chambers: Chambers, listener: Listener) {
    const { bench, genesis } = chambers;
    this.#in = chambers;
    this.#listener = listener;
    const setup = setupOf(chambers);
    this.#heard = Array.from({ length: setup.quorum.n }, () => 0);
    const world = {
      evaluate: (batch: Batch) => this.#evaluate(batch),
      adopt: (block: Block) => this.#adopt(block),
      sign: bench.sign,
      stateRoot: (base: number) => this.#given(() => bench.roots.root(base), NO_ROOT),
      supports: (version: number) => version === DOMAIN_VERSION,
      blocksAbove: (height: number) =>
        this.#given(() => bench.chain.above(height, LIMITS.syncBlocks, LIMITS.syncBytes), []),
      lowestBlock: () => this.#given(() => bench.chain.lowest(), this.seat.tip.height + 1),
      offer: () => this.#given(() => bench.states.offer(this.seat.tip.height), null),
      page: (base: number, part: PartId, after: Cursor | null) =>
        this.#given(() => bench.states.page(base, part, after), null),
    };
    bench.states.clean();
    this.#replays = bench.states.replaying !== null;
    this.seat = restoredSeat({ bench, genesis, setup, world }, Date.now());
    this.#follows = this.seat.silenced;
    bench.repairs.verifyBy(() => this.seat.setup);
  }

  get work(): SeatWork {
    const { post, bench } = this.#in;
    const { calls, sent } = post;
    return { ...this.#decided, calls, sent, commits: bench.commits };
  }

  get heard(): readonly number[] {
    return this.#heard;
  }

  /** Writes of a step are one transaction; what it sends is held until the piece ends well. */
  // Rule: WriteWholeStep.
  input(input: Input): void {
    const effects = step(this.seat, input);
    let over = false;
    if (effects.some(isWrite))
      this.#in.bench.atomic(() => {
        for (const effect of effects) over = this.#write(effect, input.now) || over;
      });
    for (const effect of effects) this.#tell(effect, input.now);
    if (over) return this.#listener.over();
    if (!effects.some(({ kind }) => kind === "agree")) return;
    const nextExpiry = this.#in.bench.state.nextExpiry();
    this.input({ kind: "applied", nextExpiry, now: input.now });
  }

  /** Messages of one peer's call, checked and taken one by one; the text of what is said back to it. */
  deliver(text: string, now: number): string {
    const { post, bench } = this.#in;
    let replies: Message[] = [];
    const asides = this.#take(text, now, null, (from) => {
      // Only a verified sender is the caller: replies go to whom they are meant for, not to whoever called.
      if (replies.length === 0) replies = post.replyTo(from);
    });
    post.hangUp();
    post.flush();
    return JSON.stringify(bench.faults.mute(now) ? [] : [...replies, ...asides]);
  }

  /** What a peer said back to a call of ours. Nobody waits for replies to that: they go as calls. */
  answered(text: string, by: number, now: number): void {
    this.#take(text, now, by);
    this.#in.post.flush();
  }

  /** What was asked for by whom nobody can tell: for whoever called, and for nobody else. */
  // Rule: AnswerStrangersInReply.
  #take(
    text: string,
    now: number,
    by: number | null,
    heard?: (from: number) => void,
  ): readonly Message[] {
    const { messages, dropped } = parseMessages(text);
    this.dropped += dropped;
    const asked = new Set<string>();
    const asides: Message[] = [];
    for (const message of messages) {
      if (!matters(this.seat, message)) continue;
      // Nobody honest asks twice in a call.
      if (asked.has(message.kind)) continue;
      const { setup } = this.seat;
      if (objection(message, setup, this.#in.bench.verify) !== null) {
        this.dropped += 1;
        continue;
      }
      if (DEAR.has(message.kind)) asked.add(message.kind);
      const { from, kind } = message;
      const take = () => this.input({ kind: "message", message, now });
      if (!isStranger(message, setup)) {
        this.#heard[from] = now;
        heard?.(from);
        take();
      } else if (from !== by && DEAR.has(kind)) {
        // Megabytes for a few words, in a name that anybody can use: no other seat is to be flooded so.
        asides.push(...this.#in.post.aside(from, take));
      } else take();
    }
    return asides;
  }

  /** Whether a Warden's writ has the right form and seal. */
  sound(writ: Writ): boolean {
    if (writObjection(writ, this.seat.setup, this.#in.bench.verify) === null) return true;
    this.dropped += 1;
    return false;
  }

  /** Whether this seat has proposed and it is not decided. */
  agreeing(): boolean {
    const { proposed, view } = this.seat;
    return proposed?.view === view;
  }

  /** Takes an operator's request, its key fetched; why not, or null. */
  ask(control: Control, now: number): string | null {
    const { setup, voice, world } = this.seat;
    const objected = controlObjection(control, setup.terms, setup.quorum);
    if (objected !== null) return objected;
    if (!voice) return "this seat has no voice";
    if (control.kind === "version" && !world.supports(control.domainVersion))
      return "this build does not carry the version";
    this.input({ kind: "control", control, now });
    this.#in.post.flush();
    return null;
  }

  /** A timer, the start, sound writs, or the Ledger's backlog. */
  prompt(input: Exclude<Input, { kind: "message" | "control" | "applied" }>): void {
    this.input(input);
    this.#in.post.flush();
  }

  /** Takes blocks from elsewhere than a peer, up to the first that is not believed. */
  found(blocks: readonly Block[], now: number): void {
    const sound = believed(blocks, this.seat.setup, this.#in.bench.verify);
    if (sound.length < blocks.length) this.dropped += 1;
    this.prompt({ kind: "blocks-found", blocks: sound, now });
  }

  /** Whether every peer was asked since the start and none was heard. */
  alone(): boolean {
    const { unasked, setup } = this.seat;
    return setup.quorum.n > 1 && unasked === 0 && this.#heard.every((at) => at === 0);
  }

  /** Whether a block is missing here that others have, and no state is on its way in its place. */
  lacking(): boolean {
    return lacksBlocks(this.seat) && !this.seat.rebuilding && this.seat.transfer === null;
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

  /** Whether this life is over with it. */
  #write(effect: Effect, now: number): boolean {
    const { bench } = this.#in;
    const { notes, chain, incidents, states } = bench;
    if (effect.kind === "persist" && !this.#follows) {
      chain.keepWrits(effect.writs, effect.durable.vote?.header.epoch ?? 0);
      keepVotes(notes, effect.durable);
    }
    const agreed = effect.kind === "agree" ? effect.block.header.height : null;
    if (effect.kind === "agree") {
      applyBlock(bench, effect.block, effect.evaluation);
      bench.scrubber.keep();
      this.#decided.blocks += 1;
      this.#decided.events += submitted(effect.block.header.entries);
    }
    if (effect.kind === "quarantine") bench.silence(effect.reason, now, !effect.rebuild);
    if (effect.kind === "quarantine" && effect.rebuild) bench.order(now);
    if (effect.kind === "accuse") incidents.record(effect.incident, now);
    if (effect.kind === "stage") states.stage(effect);
    if (effect.kind === "install") states.install(effect.offer);
    if (agreed === null) return effect.kind === "install";
    const replayed = this.#replays && states.applied(agreed);
    return bench.mended(agreed, now) || replayed;
  }

  #tell(effect: Effect, now: number): void {
    const { post, bench } = this.#in;
    if (effect.kind === "send" && !bench.faults.mute(now)) {
      const { sign, faults } = bench;
      for (const said of faults.said(effect.message, effect.to, { sign, now }))
        post.hold(effect.to, said);
    }
    if (effect.kind === "arm") this.#listener.armed(effect.at);
    if (effect.kind === "attempt") this.#listener.attempt(effect.what);
    if (effect.kind === "agree")
      this.#listener.agreed(effect.block.header, effect.evaluation.entities, now);
  }

  /** Reads on towards the next state root, and what rests once more, for a bounded while. */
  survey(): void {
    const { roots, scrubber } = this.#in.bench;
    this.#given(() => roots.advance(this.seat.tip.height, LIMITS.rootRowsPerBlock), false);
    this.#given(() => scrubber.slice(), undefined);
  }

  /** Takes a certified block in the place of a damaged one, or of one that is missing. */
  // Rule: MendChain.
  mend(block: Block, now: number): void {
    const { bench } = this.#in;
    const { height } = block.header;
    if (!bench.repairs.believes(block)) {
      this.dropped += 1;
      return;
    }
    if (height > this.seat.tip.height) return this.found([block], now);
    const lifted = bench.atomic(() => {
      // Below a state that was taken nothing is kept but the block that it is after.
      if (height >= bench.chain.lowest() - 1) bench.chain.rewrite(block);
      return bench.mended(height, now);
    });
    if (lifted) this.#listener.over();
  }

  /** What others may have of this seat; without a voice nothing where it is damaged. */
  #given<T>(read: () => T, otherwise: T): T {
    try {
      return this.#in.bench.repairs.mending(read);
    } catch (error) {
      if (!this.#bears(error)) throw error;
      return otherwise;
    }
  }

  #evaluate(batch: Batch): Evaluation {
    const { state, faults, repairs, rules } = this.#in.bench;
    try {
      const evaluation = repairs.mending(() =>
        evaluateBlock(contextOf(batch), eventsOf(batch), state, rules),
      );
      return faults.corrupted(evaluation, Date.now());
    } catch (error) {
      // Without a voice a damaged row cannot mislead anybody: the result fits none, and the certified one is adopted.
      if (!this.#bears(error)) throw error;
      return NO_EVALUATION;
    }
  }

  /** Without a voice the seat goes on over a damaged row, which is noted. */
  #bears(error: unknown): boolean {
    if (!(error instanceof RowDamaged) || this.seat.voice) return false;
    if (this.#in.bench.hurt(error, Date.now())) this.#listener.hurt();
    return true;
  }

  #adopt(block: Block): Evaluation | null {
    const rows = rowsOf(contextOf(block), eventsOf(block), block.outcomes, this.#in.bench.rules);
    if (rows === null) return null;
    const { outcomes, result } = block;
    const taken = submitted(block.header.entries);
    return {
      ...rows,
      outcomes,
      leaves: outcomes.map(leafDigest),
      root: result.root,
      system: outcomes.length - taken,
      fits: taken,
    };
  }
}

/** Each is answered with megabytes. */
const DEAR: ReadonlySet<Message["kind"]> = new Set(["sync", "batch-request", "state-request"]);

/** Equals none. */
const NO_ROOT = "";

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
  const { deployment, court, seat, pair } = bench;
  const { quorum } = deployment;
  const terms = firstTerms(genesis.document, court);
  const { rootEvery } = genesis.document;
  return { court, seat, key: pair.publicKey, quorum, rootEvery, terms };
}

function isWrite({ kind }: Effect): boolean {
  return kind !== "send" && kind !== "arm" && kind !== "attempt";
}
