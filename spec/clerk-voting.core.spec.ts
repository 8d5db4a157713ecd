import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentOf } from "../objects/clerk/consensus/messages.ts";
import type {
  Commit,
  Justification,
  Message,
  Prepare,
  Prepared,
  Proposal,
  ViewChange,
} from "../objects/clerk/consensus/messages.ts";
import type { Durable } from "../objects/clerk/consensus/seat.ts";
import { leaderOf } from "../objects/shared/quorum.ts";
import type { Batch } from "../objects/shared/types.ts";
import { Cluster } from "./kit/cluster.ts";
import {
  batchOn,
  byCertificate,
  byChanges,
  certificateOf,
  changeBy,
  preparedBy,
  proposalBy,
  votedOn,
  whole,
} from "./kit/forging.ts";
import type { Voted } from "./kit/forging.ts";

const OWN = 1;
const OTHERS = [0, 2, 3];
const WRONG = "cd".repeat(32);

/** What the three other seats, all of them lying, let the one under test hear next. */
interface Move {
  readonly act: (typeof ACTS)[number];
  readonly from: number;
  readonly batch: number;
  readonly ahead: number;
  readonly flavour: number;
}

const ACTS = [
  "writ",
  "proposal",
  "proposal",
  "prepare",
  "prepares",
  "commit",
  "change",
  "changes",
  "decided",
  "tick",
  "restart",
  "stop before sending",
] as const;

const moves = fc.array(
  fc.record<Move>({
    act: fc.constantFrom(...ACTS),
    from: fc.constantFrom(...OTHERS),
    batch: fc.nat(2),
    ahead: fc.nat(2),
    flavour: fc.nat(3),
  }),
  { minLength: 1, maxLength: 60, size: "max" },
);

/** One honest seat among liars who hold every other key. */
class Besieged {
  readonly court = new Cluster();
  readonly #batches = new Map<string, Batch>();
  #numbers = 0;
  #stopping = false;

  play(move: Move): void {
    const { court } = this;
    const seat = court.seat(OWN);
    switch (move.act) {
      case "writ":
        this.#numbers += 1;
        return court.give(OWN, court.writ(this.#numbers, [`event ${this.#numbers}`]));
      case "proposal": {
        const view = this.#ledByOthers(seat.view + move.ahead);
        return this.#hear(this.#proposal(view, move));
      }
      case "prepare":
        return this.#hear(this.#vote("prepare", move, move.from));
      case "prepares":
        return OTHERS.forEach((from) => this.#hear(this.#vote("prepare", move, from)));
      case "commit":
        return this.#hear(this.#vote("commit", move, move.from));
      case "change":
        return this.#hear(this.#change(move.from, seat.view + 1 + move.ahead, move));
      case "changes":
        return OTHERS.forEach((from) => this.#hear(this.#change(from, seat.view + 1, move)));
      case "decided": {
        const certificate = certificateOf(court, this.#voted(move), OTHERS);
        return this.#hear(court.said(move.from, { kind: "decided", certificate }));
      }
      case "tick":
        court.now += 400 + 1_000 * move.ahead;
        return court.tick(OWN);
      case "restart":
        return court.restart(OWN);
      case "stop before sending":
        this.#stopping = true;
    }
  }

  #hear(message: Message): void {
    if (!this.#stopping) return void this.court.hear(OWN, message);
    this.#stopping = false;
    this.court.input(OWN, { kind: "message", message, now: this.court.now }, true);
    this.court.restart(OWN);
  }

  #ledByOthers(view: number): number {
    return leaderOf(view, 4) === OWN ? view + 1 : view;
  }

  /** One of three batches of the next height. */
  #batch({ batch }: Move): Batch {
    const { court } = this;
    const seat = court.seat(OWN);
    const name = `${seat.tip.block}/${batch}`;
    const number = (seat.progress.get(0)?.number ?? 0) + 1;
    const entries = [whole(court.writ(number, [`event ${number}`]))];
    const known =
      this.#batches.get(name) ?? batchOn(court, seat, entries, { time: court.now + 1 + batch });
    this.#batches.set(name, known);
    return known;
  }

  /** What votes are about: mostly what the seat itself voted for. */
  #voted(move: Move): Voted {
    const seat = this.court.seat(OWN);
    if (seat.vote !== null && move.ahead > 0)
      return votedOn(seat, seat.vote.batch, seat.vote.prepare.view);
    return votedOn(seat, this.#batch(move), Math.max(0, seat.view + move.ahead - 1));
  }

  #vote(kind: "prepare" | "commit", move: Move, from: number): Message {
    const { block, ...voted } = this.#voted(move);
    const result = move.flavour === 0 ? WRONG : voted.result;
    return kind === "prepare"
      ? this.court.said(from, { kind, ...voted, result })
      : this.court.said(from, { kind, ...voted, result, block });
  }

  #prepared(move: Move, below: number): Prepared | null {
    if (move.flavour > 1 || below === 0) return null;
    const own = this.court.seat(OWN).prepared?.proof;
    if (own !== undefined && own.view < below && move.flavour === 1) return own;
    const view = Math.max(0, below - 1 - move.flavour);
    return preparedBy(this.court, { ...this.#voted(move), view }, OTHERS);
  }

  #change(from: number, view: number, move: Move): ViewChange {
    const { tip } = this.court.seat(OWN);
    return changeBy(this.court, from, view, tip, this.#prepared(move, view));
  }

  #proposal(view: number, move: Move): Proposal {
    const { tip } = this.court.seat(OWN);
    const changes = OTHERS.map((from) => this.#change(from, view, move));
    const why: Justification =
      move.ahead === 0 && view === (tip.certificate?.view ?? 0)
        ? byCertificate(tip.certificate)
        : byChanges(changes);
    return proposalBy(this.court, leaderOf(view, 4), view, this.#batch(move), why);
  }
}

type Vote = Prepare | Commit;

const isVote = (message: Message): message is Vote =>
  message.kind === "prepare" || message.kind === "commit";

/** What the seat wrote and said, in order; throws at the first thing an honest seat never does. */
function judge(court: Cluster): { votes: number } {
  const contents = new Map<string, string>();
  const votes: Vote[] = [];
  let durable: Durable | null = null;
  let decided = 0;
  let left: ViewChange | null = null;
  for (const effect of court.member(OWN).journal) {
    if (effect.kind === "persist") durable = effect.durable;
    if (effect.kind === "agree") decided = effect.block.header.height;
    if (effect.kind !== "send" || effect.message.from !== OWN) continue;
    const { message } = effect;
    if (isVote(message) || message.kind === "proposal") {
      const [height, view, ...content] = contentOf(message);
      const place = JSON.stringify([message.kind, height, view]);
      const said = JSON.stringify(content);
      expect(contents.get(place) ?? said, `OneValue at ${place}`).toBe(said);
      contents.set(place, said);
    }
    if (isVote(message) && !votes.includes(message)) {
      const stored = message.kind === "prepare" ? durable?.vote?.prepare : durable?.commit;
      const current = message.height > decided;
      if (current) expect(stored, "PersistBeforeSend").toEqual(message);
      const sentBefore = votes.some(({ signature }) => signature === message.signature);
      if (!sentBefore && left !== null)
        expect(message.view, "NeverBack").toBeGreaterThanOrEqual(left.view);
      votes.push(message);
    }
    if (message.kind === "view-change") {
      expect(durable?.view ?? 0, "PersistBeforeSend").toBeGreaterThanOrEqual(message.view);
      for (const vote of votes) {
        if (vote.kind !== "commit" || vote.height !== message.height) continue;
        expect(
          vote.view >= message.view || (message.prepared?.view ?? -1) >= vote.view,
          "NobodyFramed",
        ).toBe(true);
      }
      if (left === null || message.view > left.view) left = message;
    }
  }
  return { votes: votes.length };
}

describe("one honest seat, all others lying with one mind", () => {
  it("OneValue, NeverBack, PersistBeforeSend, NobodyFramed: hold over whatever it hears and wherever it stops", () => {
    let votes = 0;
    fc.assert(
      fc.property(moves, (played) => {
        const siege = new Besieged();
        for (const move of played) siege.play(move);
        votes += judge(siege.court).votes;
      }),
      { numRuns: 400, seed: 3 },
    );
    // Else nothing was shown.
    expect(votes).toBeGreaterThan(500);
  });
});
