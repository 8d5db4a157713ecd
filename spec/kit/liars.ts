/** One seat that does not follow the rules: what it makes of its own core's messages, and what it says besides. */
import { REASONS, statementDigest } from "../../objects/clerk/consensus/messages.ts";
import type {
  Commit,
  Message,
  Prepare,
  ViewChange,
} from "../../objects/clerk/consensus/messages.ts";
import { batchDigest, blockDigest } from "../../objects/shared/digests.ts";
import { leaderOf } from "../../objects/shared/quorum.ts";
import type { Batch } from "../../objects/shared/types.ts";
import type { Cluster, Sent } from "./cluster.ts";
import type { Dice } from "./dice.ts";
import {
  batchOn,
  byCertificate,
  byChanges,
  changeBy,
  proposalBy,
  votedOn,
  whole,
} from "./forging.ts";

export const LIES = [
  "none",
  "silent",
  "corrupt",
  "equivocator",
  "mutator",
  "evil",
  "forgetful",
  "resigner",
] as const;
export type Lie = (typeof LIES)[number];

export class Liar {
  readonly seat: number;
  readonly lie: Lie;
  readonly #court: Cluster;
  readonly #dice: Dice;
  readonly #heard = new Map<number, ViewChange>();

  constructor(court: Cluster, seat: number, lie: Lie, dice: Dice) {
    this.#court = court;
    this.seat = seat;
    this.lie = lie;
    this.#dice = dice;
    court.member(seat).corrupt = lie === "corrupt";
  }

  /** What goes out instead of a message of its core. */
  instead(sent: Sent): Sent[] {
    switch (this.lie) {
      case "silent":
        return [];
      case "equivocator":
      case "evil":
        return this.#twin(sent);
      case "mutator":
        return this.#dice.percent(40)
          ? [{ ...sent, message: this.#mutated(sent.message) }]
          : [sent];
      case "none":
      case "corrupt":
      case "forgetful":
      case "resigner":
        return [sent];
    }
  }

  /** What it says on hearing something. */
  reply(message: Message): Sent[] {
    if (message.kind === "view-change") this.#heard.set(message.from, message);
    const echoes = this.lie === "equivocator" || this.lie === "evil";
    const said = echoes && message.kind === "prepare" ? this.#echo(message) : [];
    if (this.lie === "evil" && this.#dice.percent(15)) said.push(...this.#falseProposal());
    if (this.lie === "resigner" && this.#dice.percent(3)) said.push(this.#step());
    return said.flatMap((one) =>
      this.#peers().map((to) => ({ from: this.seat, to, message: one })),
    );
  }

  #peers(): number[] {
    return this.#court.seats.map((_, at) => at).filter((at) => at !== this.seat);
  }

  /** Half of the court is told another time, and votes accordingly. */
  #twin(sent: Sent): Sent[] {
    const { message } = sent;
    if (message.kind !== "proposal" || sent.to % 2 === 0) return [sent];
    const { header, entries } = message.batch;
    const batch = { header: { ...header, time: header.time + 1 }, entries };
    const twin = proposalBy(this.#court, this.seat, message.view, batch, message.justification);
    return [{ ...sent, message: twin }, ...this.#votesFor(batch, message.view, sent.to)];
  }

  #votesFor(batch: Batch, view: number, to: number): Sent[] {
    const seat = this.#court.seat(this.seat);
    if (batch.header.height !== seat.tip.height + 1) return [];
    const voted = votedOn(seat, batch, view);
    const { height, batch: digested, result } = voted;
    const prepare = { kind: "prepare", height, view, batch: digested, result } as const;
    return [
      { from: this.seat, to, message: this.#court.said(this.seat, prepare) },
      { from: this.seat, to, message: this.#court.said(this.seat, { kind: "commit", ...voted }) },
    ];
  }

  /** Votes for whatever anybody votes for. */
  #echo({ height, view, batch, result }: Prepare): Message[] {
    const { tip } = this.#court.seat(this.seat);
    const prepare = this.#court.said(this.seat, { kind: "prepare", height, view, batch, result });
    if (height !== tip.height + 1) return [prepare];
    const block = blockDigest(height, tip.block, batch, result);
    const commit = { kind: "commit", height, view, batch, result, block } as const;
    return [prepare, this.#court.said(this.seat, commit)];
  }

  /** A fresh batch in a view it may lead, justified by whatever it can lay its hands on. */
  #falseProposal(): Message[] {
    const { n, q } = this.#court.setup(0).quorum;
    const seat = this.#court.seat(this.seat);
    const writ = [...seat.waiting.values()][0]?.values().next().value?.writ;
    if (writ === undefined) return [];
    const from = seat.view + this.#dice.below(n);
    const view = from + ((this.seat - leaderOf(from, n) + n) % n);
    const batch = batchOn(this.#court, seat, [whole(writ)], { time: this.#court.now + 1 });
    if (this.#dice.percent(40)) {
      const { certificate } = seat.tip;
      return [proposalBy(this.#court, this.seat, view, batch, byCertificate(certificate))];
    }
    const own = changeBy(this.#court, this.seat, view, seat.tip);
    const others = [...this.#heard.values()].filter(
      (change) => this.#dice.percent(30) || change.prepared === null,
    );
    const changes = [own, ...others].slice(0, q);
    const votes = this.#votesFor(batch, view, 0).map(({ message }) => message);
    return [proposalBy(this.#court, this.seat, view, batch, byChanges(changes)), own, ...votes];
  }

  #step(): Message {
    const seat = this.#court.seat(this.seat);
    return changeBy(this.#court, this.seat, seat.view + 1, seat.tip);
  }

  /** One field of what it says is another, signed anew. */
  #mutated(message: Message): Message {
    switch (message.kind) {
      case "prepare":
      case "commit":
        return this.#resigned(message, this.#otherVote(message));
      case "reject":
        return this.#resigned(message, { reason: this.#dice.one(REASONS) });
      case "view-change":
        return this.#dice.percent(50)
          ? this.#resigned(message, { prepared: null })
          : this.#resigned(message, { view: message.view + 1 });
      case "decided": {
        const { certificate } = message;
        const signatures = certificate.signatures.map(() => this.#dice.one(certificate.signatures));
        return this.#resigned(message, { certificate: { ...certificate, signatures } });
      }
      case "proposal":
      case "sync":
      case "blocks":
      case "batch-request":
      case "batch-answer":
      case "state-request":
      case "state-offer":
      case "state-chunk":
      case "forward":
      case "endorse":
        return message;
    }
  }

  #otherVote({ view, height, from }: Prepare | Commit): Partial<Prepare> {
    const off = this.#dice.one([-1, 1]);
    const digested = batchDigest(batchOn(this.#court, this.#court.seat(from), []).header);
    return this.#dice.one([
      { view: Math.max(0, view + off) },
      { height: Math.max(1, height + off) },
      { result: digested },
      { batch: digested },
    ]);
  }

  #resigned<M extends Message>(message: M, otherwise: Partial<M>): Message {
    const { from, incarnation, sequence } = message;
    const other = { ...message, ...otherwise };
    const by = { court: 0, epoch: 1, from, incarnation, sequence };
    return { ...other, signature: this.#court.sign(from, statementDigest(other, by)) };
  }
}
