/**
 * A court under seeded chance: loss, repetition, delay and reordering of messages, partitions, crashes between any two
 * effects' groups, and one seat that lies. What must hold is checked from outside; then the faults end, and everything must
 * be decided.
 */
import { contentOf } from "../../objects/clerk/consensus/messages.ts";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import type { Durable, Effect } from "../../objects/clerk/consensus/seat.ts";
import type { Block, Writ } from "../../objects/shared/types.ts";
import { Cluster } from "./cluster.ts";
import type { Sent } from "./cluster.ts";
import { Dice } from "./dice.ts";
import { LIES, Liar } from "./liars.ts";

const CHAOS_MS = 15_000;
/** Patience is sixteenfold at most, and each of n leaders may have to be waited for. */
const CALM_MS = 180_000;
const WARDENS = 2;

interface Flight {
  readonly at: number;
  readonly sent: Sent;
}

export class Soak {
  readonly court: Cluster;
  readonly liar: Liar;
  steps = 0;
  readonly #dice: Dice;
  readonly #watch: Watch;
  #flights: Flight[] = [];
  #calm = false;
  #loss: number;
  #slowest: number;
  #groups: number[];
  #blackout: { kind: Message["kind"]; to: number } | null = null;
  /** The next input of this seat is its last: it stops before it sends. */
  #stopping: number | null = null;
  readonly #writs: Writ[][] = Array.from({ length: WARDENS }, () => []);

  constructor(seed: number) {
    const dice = new Dice(seed);
    const court = new Cluster("bft", seed % 16 === 15 ? 7 : 4, WARDENS);
    this.#dice = dice;
    this.court = court;
    const lie = LIES[seed % LIES.length] ?? "none";
    this.liar = new Liar(court, dice.below(court.n), lie, dice);
    this.#loss = dice.one([0, 2, 5, 15, 30]);
    this.#slowest = dice.one([5, 50, 400, 2000]);
    this.#groups = court.members.map(() => 0);
    this.#watch = new Watch(court, this.liar);
  }

  /** Throws at the first thing that must not be. */
  run(): void {
    const start = this.court.now;
    this.#until(start + CHAOS_MS, () => false);
    this.#heal();
    this.#until(start + CHAOS_MS + CALM_MS, () => this.#settled());
    if (!this.#settled()) throw new Error(`undecided: heights ${this.court.heights().join(" ")}`);
    this.#watch.atTheEnd(this.#writs);
  }

  #until(end: number, done: () => boolean): void {
    let nextAct = this.court.now;
    while (this.court.now < end && !done()) {
      this.steps += 1;
      if (this.steps > 60_000) throw new Error("it never rests");
      this.#post();
      this.#watch.look();
      const flight = this.#flights[0];
      const timer = this.court.nextTimer();
      const soonest = Math.min(flight?.at ?? end, timer?.at ?? end, nextAct, end);
      this.court.now = Math.max(this.court.now, soonest);
      if (flight !== undefined && flight.at <= soonest) {
        this.#flights.shift();
        this.#arrive(flight.sent);
      } else if (timer !== null && timer.at <= soonest) {
        this.#input(timer.seat, () => this.court.tick(timer.seat));
      } else if (nextAct <= soonest) {
        this.#act();
        nextAct = this.court.now + (this.#calm ? 500 : 20 + this.#dice.below(200));
      }
    }
  }

  /** Puts what was sent on its way, or loses it, or sends it twice. */
  #post(): void {
    const sent = this.court.network.flatMap((one) =>
      one.from === this.liar.seat ? this.liar.instead(one) : [one],
    );
    this.court.network = [];
    for (const one of sent) {
      if (!this.#calm && this.#dice.percent(this.#loss)) continue;
      this.#fly(one);
      if (!this.#calm && this.#dice.percent(5)) this.#fly(one);
    }
  }

  #fly(sent: Sent): void {
    const at = this.court.now + 1 + this.#dice.below(this.#calm ? 5 : this.#slowest);
    const after = this.#flights.findIndex((flight) => flight.at > at);
    this.#flights.splice(after === -1 ? this.#flights.length : after, 0, { at, sent });
  }

  #arrive(sent: Sent): void {
    const cut = this.#groups[sent.from] !== this.#groups[sent.to];
    const dark = this.#blackout?.kind === sent.message.kind && this.#blackout.to === sent.to;
    if (cut || dark || this.court.member(sent.to).down) return;
    this.#input(sent.to, () => this.court.hear(sent.to, sent.message));
    if (sent.to === this.liar.seat) this.court.network.push(...this.liar.reply(sent.message));
  }

  /** An input of a seat that is about to stop is written, and nothing of it sent. */
  #input(at: number, work: () => void): void {
    const before = this.court.network.length;
    work();
    if (this.#stopping !== at) return;
    this.#stopping = null;
    this.court.network.length = before;
    this.court.crash(at);
  }

  #act(): void {
    const { court } = this;
    if (this.#calm) return this.#redrive();
    const seat = this.#dice.below(court.n);
    const chance = this.#dice.below(100);
    if (chance < 45) this.#newWrit();
    else if (chance < 60) this.#redrive();
    else if (chance < 64) court.crash(seat);
    else if (chance < 68) this.#stopping = seat;
    else if (chance < 86) this.#restart(seat);
    else if (chance < 89) this.#groups = court.members.map(() => (this.#dice.below(4) % 3) % 2);
    else if (chance < 94) this.#groups = court.members.map(() => 0);
    else if (chance < 97) this.#blackout = null;
    else this.#blackout = { kind: this.#dice.one(KINDS), to: seat };
  }

  #restart(seat: number): void {
    const member = this.court.member(seat);
    if (this.liar.lie === "forgetful" && seat === this.liar.seat) member.durable = null;
    this.court.restart(seat);
  }

  #newWrit(): void {
    const warden = this.#dice.below(WARDENS);
    const writs = this.#writs[warden] ?? [];
    if (this.#undecided(warden).length >= 2 || writs.length >= 20) return;
    const number = writs.length + 1;
    const events = Array.from(
      { length: 1 + this.#dice.below(3) },
      (_, i) => `${warden}.${number}.${i}`,
    );
    const writ = this.court.writ(number, events, warden);
    writs.push(writ);
    this.court.give(this.#dice.below(this.court.n), writ);
  }

  #redrive(): void {
    for (let warden = 0; warden < WARDENS; warden++) {
      for (const writ of this.#undecided(warden)) this.court.giveAll(writ);
    }
  }

  /** Writs that not every seat has decided. */
  #undecided(warden: number): Writ[] {
    const decided = this.court.seats.map(({ progress }) => {
      const row = progress.get(warden);
      return row === undefined ? 0 : row.number - (row.complete ? 0 : 1);
    });
    return (this.#writs[warden] ?? []).slice(Math.min(...decided));
  }

  #settled(): boolean {
    const honest = this.court.heights().filter((_, at) => at !== this.liar.seat);
    const level = Math.min(...honest) === Math.max(...honest);
    const known = honest.length === 0 ? 0 : Math.max(...honest);
    const chain = this.court.members.find(({ chain: of }) => of.length === known)?.chain ?? [];
    const events = chain.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
    const given = this.#writs.flat().reduce((sum, writ) => sum + writ.events.length, 0);
    return level && events === given;
  }

  #heal(): void {
    this.#calm = true;
    this.#stopping = null;
    this.#blackout = null;
    this.#groups = this.court.members.map(() => 0);
    this.court.members.forEach(({ down }, seat) => {
      if (down) this.#restart(seat);
    });
  }
}

const KINDS: readonly Message["kind"][] = [
  "proposal",
  "prepare",
  "commit",
  "decided",
  "view-change",
  "sync",
  "blocks",
];

/** Looks at what seats wrote, decided, said and complained of; knows nothing of how they came to it. */
class Watch {
  readonly #court: Cluster;
  readonly #liar: Liar;
  readonly #read: number[];
  readonly #heard: number[];
  readonly #durable: (Durable | null)[];
  readonly #decided = new Map<number, string>();
  readonly #signed = new Map<string, string>();

  constructor(court: Cluster, liar: Liar) {
    this.#court = court;
    this.#liar = liar;
    this.#read = court.members.map(() => 0);
    this.#heard = court.members.map(() => 0);
    this.#durable = court.members.map(() => null);
  }

  look(): void {
    this.#court.members.forEach(({ journal, incidents }, at) => {
      for (let next = this.#read[at] ?? 0; next < journal.length; next++) {
        const effect = journal[next];
        if (effect !== undefined) this.#effect(at, effect);
      }
      this.#read[at] = journal.length;
      if (at !== this.#liar.seat)
        for (const incident of incidents.slice(this.#heard[at])) {
          const { kind } = incident;
          const named = "seat" in incident ? incident.seat : kind === "outvoted" ? at : null;
          if (named !== null && named !== this.#liar.seat)
            throw new Error(`${kind}: seat ${named} framed by ${at}`);
        }
      this.#heard[at] = incidents.length;
      if (this.#court.member(at).quarantined !== null && at !== this.#liar.seat)
        throw new Error(`seat ${at} lost its voice`);
    });
  }

  #effect(at: number, effect: Effect): void {
    if (effect.kind === "persist") this.#durable[at] = effect.durable;
    if (effect.kind === "agree") this.#agreed(at, effect.block);
    if (effect.kind !== "send" || effect.message.from !== at) return;
    this.#stored(at, effect.message);
    if (at === this.#liar.seat && this.#liar.lie === "forgetful") return;
    this.#once(effect.message);
  }

  /** One block a height, each on the one before; and a commit that went into its certificate was in storage by then. */
  #agreed(at: number, { header, certificate }: Block): void {
    const before = this.#decided.get(header.height) ?? certificate.block;
    if (before !== certificate.block) throw new Error(`two blocks at height ${header.height}`);
    this.#decided.set(header.height, certificate.block);
    const below = this.#decided.get(header.height - 1) ?? header.parent;
    if (below !== header.parent) throw new Error(`height ${header.height} is on another block`);
    if (at === this.#liar.seat) return;
    const own = certificate.signatures.find(({ seat }) => seat === at);
    const stored = this.#durable[at]?.commit;
    const kept =
      stored?.height === header.height &&
      (stored.signature === own?.signature || stored.view > certificate.view);
    if (own !== undefined && !kept)
      throw new Error(`seat ${at} decided on a commit it had not stored`);
  }

  /** What is said was written before, or is about a height decided since, or of a view left again in the same step. */
  #stored(at: number, message: Message): void {
    const durable = this.#durable[at];
    const tip = this.#court.seat(at).tip.height;
    const missing = (height: number, stored: { signature: string } | null | undefined) =>
      height > tip && stored?.signature !== message.signature;
    const unwritten =
      (message.kind === "prepare" && missing(message.height, durable?.vote?.prepare)) ||
      (message.kind === "commit" && missing(message.height, durable?.commit)) ||
      (message.kind === "view-change" &&
        (durable?.change?.view ?? -1) <= message.view &&
        missing(message.height, durable?.change)) ||
      (message.kind === "proposal" && (durable?.view ?? -1) < message.view);
    if (unwritten) throw new Error(`seat ${at} said a ${message.kind} it had not stored`);
  }

  /** One prepare, commit and proposal of a height and view. */
  #once(message: Message): void {
    const { kind, from } = message;
    if (kind !== "prepare" && kind !== "commit" && kind !== "proposal") return;
    const [height, view, ...content] = contentOf(message);
    const place = JSON.stringify([kind, height, view, from]);
    const said = JSON.stringify(content);
    const before = this.#signed.get(place) ?? said;
    if (before !== said) throw new Error(`seat ${from} said two things at ${place}`);
    this.#signed.set(place, said);
  }

  /** Every event of every writ, once, in its Warden's order. */
  atTheEnd(writs: readonly (readonly Writ[])[]): void {
    this.#court.members.forEach(({ chain }, at) => {
      if (at === this.#liar.seat) return;
      writs.forEach((of, warden) => {
        const given = of.flatMap(({ events }) => events);
        const decided = chain.flatMap(({ entries }) =>
          entries
            .filter(({ writ }) => writ.warden === warden)
            .flatMap(({ writ, first, count }) => writ.events.slice(first, first + count)),
        );
        if (JSON.stringify(decided) !== JSON.stringify(given))
          throw new Error(`seat ${at} decided ${decided.join(" ")} for ${given.join(" ")}`);
      });
    });
  }
}
