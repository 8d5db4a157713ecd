/** What is done to a court while a run is in its first phase. At most f seats are faulty for good; any may crash and come back. */
import { eventsOf } from "../../objects/arbiter/evaluation.ts";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import { leafDigest, merkleRoot } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { sha256 } from "../../objects/shared/node/crypto.ts";
import type { Batch } from "../../objects/shared/types.ts";
import type { VirtualCourt } from "./court.ts";
import { ACTS } from "./draw.ts";
import type { Act, Drawn, Flaw, Mute } from "./draw.ts";
import { corrupt, traitsOf } from "./liars/catalogue.ts";
import { CALM } from "./network.ts";
import type { Operator } from "./operator.ts";
import { Death, DOOMS } from "./replica.ts";
import type { SeatReplica } from "./replica.ts";

const KINDS: readonly Message["kind"][] = [
  "proposal",
  "prepare",
  "commit",
  "decided",
  "view-change",
  "sync",
  "blocks",
  "batch-request",
  "batch-answer",
  "forward",
];

/** A crashed seat comes back by itself within so long. */
const DOWN_MS = 6_000;
/** So soon where it is to find that its peers are mute. */
const MUTE_DOWN_MS = 1_500;
const SPELL_MS = 1_500;
const FALSIFY_MS = 2_000;

export class Faults {
  /** How often each thing was done. */
  readonly counts = new Map<string, number>();
  readonly #court: VirtualCourt;
  readonly #drawn: Drawn;
  readonly #deck: readonly Act[];
  readonly #operator: Operator;
  #calm = false;
  /** Until then the network is well. */
  #spellUntil = 0;

  constructor(court: VirtualCourt, drawn: Drawn, operator: Operator) {
    this.#court = court;
    this.#operator = operator;
    this.#drawn = drawn;
    this.#deck = ACTS.flatMap((act) =>
      Array.from({ length: drawn.storm.acts[act] }, (): Act => act),
    );
    const { network } = court;
    network.textual = drawn.textual;
    network.frozen = drawn.frozen;
    network.garbling = drawn.garbling;
    network.weather = drawn.storm.weather;
    for (const replica of court.replicas) this.#prepare(replica);
    corrupt(court, drawn.liars, court.world.dice);
  }

  /** Begins to act; goes on until {@link heal}. */
  begin(): void {
    for (const { seat, flaw } of this.#drawn.flaws) this.#strike(seat, flaw);
    for (const { seat, lie } of this.#drawn.liars.seats)
      if (traitsOf(lie).corruptState) this.#falsify(seat);
    if (this.#drawn.mute !== null) this.#silenceTo(this.#drawn.mute);
    this.#operator.begin();
    this.#next();
  }

  /** Into the calm, maybe: so long its Ledger must do. */
  #silenceTo(mute: Mute): void {
    const { network, world } = this.#court;
    world.after(mute.from, () => {
      if (this.#calm) return;
      network.mute = mute;
      for (const replica of this.#of(mute.to)) this.#crash(replica, MUTE_DOWN_MS);
    });
    world.after(mute.until, () => (network.mute = null));
  }

  /** The faults end. Clocks are right, everybody who has a disk is up, the network is well; liars and broken machines stay. */
  heal(): void {
    this.#calm = true;
    this.#operator.calm();
    const { network, replicas } = this.#court;
    network.heal();
    network.weather = CALM;
    network.garbling = 0;
    for (const replica of replicas) {
      const astray = this.#drawn.clocks[replica.seat]?.astray ?? false;
      replica.doom = null;
      replica.late = 0;
      replica.driftPpm = 0;
      if (astray) {
        replica.stop("its clock is set");
        replica.skewMs = 0;
      }
      replica.start();
    }
  }

  #prepare(replica: SeatReplica): void {
    const { clocks, slow, liars } = this.#drawn;
    const liar = liars.seats.find(({ seat }) => seat === replica.seat);
    const traits = liar === undefined ? null : traitsOf(liar.lie);
    const { poison } = this.#drawn;
    if (poison === "differs") replica.flaw = differently(replica.seat);
    if (poison === "kills") replica.flaw = deadly;
    if (traits?.corruptEvaluation === true) replica.flaw = wrongly;
    replica.forgetful = traits?.forgetsVotes === true;
    replica.carriesNext = this.#drawn.carriers.includes(replica.seat);
    if (traits?.censors === true) replica.censored = this.#drawn.seed % this.#drawn.wardens;
    const clock = clocks[replica.seat];
    replica.skewMs = clock?.skewMs ?? 0;
    replica.driftPpm = clock?.driftPpm ?? 0;
    replica.late = slow?.seat === replica.seat ? slow.ms : 0;
  }

  #next(): void {
    const { world } = this.#court;
    world.after(1 + world.dice.below(this.#drawn.storm.pace), () => {
      if (this.#calm) return;
      this.#act(world.dice.one(this.#deck));
      this.#next();
    });
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #act(act: Act): void {
    const { network, replicas, world } = this.#court;
    const { dice } = world;
    const replica = dice.one(replicas);
    const at = replicas.indexOf(replica);
    this.#count(act);
    switch (act) {
      case "nothing":
        return;
      case "crash":
        return this.#crash(replica);
      case "doom":
        replica.doom = dice.one(DOOMS);
        this.#count(`doom: ${replica.doom}`);
        return;
      case "restart":
        if (!replica.up) replica.start();
        return;
      case "restart all":
        for (const each of replicas) this.#crash(each);
        return;
      case "split":
        return network.split(replicas.map(() => dice.below(dice.one([2, 2, 3]))));
      case "isolate":
        return network.split(replicas.map((_, other) => (other === at ? 1 : 0)));
      case "one way":
        return network.cut(at, dice.below(replicas.length));
      case "blackout":
        return network.darken(dice.one(KINDS), replica.seat);
      case "heal":
        return network.heal();
      case "calm spell":
        return this.#spell();
      case "rebuild":
        return this.#rebuild(replica);
    }
  }

  /** As the operator's order: refused unless a quorum of others is ready. */
  #rebuild(replica: SeatReplica): void {
    const ready = this.#court.replicas.filter((other) => {
      return other.up && other.seat !== replica.seat && other.core().voice;
    });
    const { q } = this.#court.deployment.quorum;
    if (new Set(ready.map(({ seat }) => seat)).size >= q) replica.rebuild();
  }

  #crash(replica: SeatReplica, downMs = DOWN_MS): void {
    const { world } = this.#court;
    replica.stop("crashed");
    world.after(world.dice.below(downMs), () => replica.start());
  }

  /** Heights are decided between storms, and more can go wrong with the next. */
  #spell(): void {
    const { network, world } = this.#court;
    const until = world.now + SPELL_MS;
    this.#spellUntil = until;
    network.heal();
    network.weather = CALM;
    world.after(SPELL_MS, () => {
      if (!this.#calm && this.#spellUntil === until) network.weather = this.#drawn.storm.weather;
    });
  }

  #strike(seat: number, flaw: Flaw): void {
    const { world } = this.#court;
    for (const replica of this.#of(seat))
      world.after(world.dice.below(this.#drawn.chaosMs), () => {
        this.#count(flaw);
        this.#damage(replica, flaw);
      });
  }

  #damage(replica: SeatReplica, flaw: Flaw): void {
    const { world } = this.#court;
    const { chain } = replica.disk;
    if (flaw === "wiped") {
      replica.wipe();
      replica.start();
      if (this.#drawn.readmits) this.#operator.readmit({ kind: "clerk", seat: replica.seat });
      return;
    }
    world.note({ kind: "damaged", seat: replica.seat });
    if (flaw === "row damaged")
      return this.#onRow(replica, (key) => replica.disk.state.damage(key));
    if (flaw === "votes damaged") replica.disk.votesDamaged = true;
    // The last one, which it begins its next life from, or any that a peer may ask for.
    else if (chain.height() > 0)
      chain.damage(
        chain.height() - (world.dice.percent(60) ? 0 : world.dice.below(chain.height())),
      );
    this.#crash(replica);
  }

  /** Again and again, for as long as the storm lasts. */
  #falsify(seat: number): void {
    const { world } = this.#court;
    world.after(1 + world.dice.below(FALSIFY_MS), () => {
      if (this.#calm) return;
      const wrong = canonical({ onHand: 7_000 + world.dice.below(1_000), reserved: 0 });
      for (const replica of this.#of(seat))
        this.#onRow(replica, (key) => replica.disk.falsify(key, wrong));
      this.#count("falsified");
      this.#falsify(seat);
    });
  }

  #of(seat: number): SeatReplica[] {
    return this.#court.replicas.filter((replica) => replica.seat === seat);
  }

  #onRow({ disk }: SeatReplica, work: (key: string) => void): void {
    const keys = disk.state.entityKeys();
    if (keys.length > 0) work(this.#court.world.dice.one(keys));
  }
}

/** One of two dozen events. */
export function isPoison(event: string): boolean {
  return Number.parseInt(sha256(event).slice(0, 8), 16) % 24 === 0;
}

/** Of poison each seat makes something of its own. */
function differently(seat: number): (evaluation: Evaluation, batch: Batch) => Evaluation {
  return (evaluation, batch) => {
    if (batch.entries.some(({ poison }) => poison !== undefined)) return evaluation;
    const events = eventsOf(batch);
    return remade(evaluation, (text, at) =>
      isPoison(events[at - evaluation.system] ?? "") ? falsified(text, `by seat ${seat}`) : text,
    );
  };
}

function deadly(evaluation: Evaluation, batch: Batch): Evaluation {
  const condemned = batch.entries.some(({ poison }) => poison !== undefined);
  if (!condemned && eventsOf(batch).some(isPoison)) throw new Death("of an event");
  return evaluation;
}

/** The first outcome is another than everybody else's. */
function wrongly(evaluation: Evaluation): Evaluation {
  return remade(evaluation, (text, at) => (at === 0 ? falsified(text, "wrongly") : text));
}

function remade(evaluation: Evaluation, make: (text: string, at: number) => string): Evaluation {
  const outcomes = evaluation.outcomes.map(make);
  const leaves = outcomes.map(leafDigest);
  return { ...evaluation, outcomes, leaves, root: merkleRoot(leaves) };
}

function falsified(text: string, how: string): string {
  const reason = { code: "corrupted", detail: `computed ${how}` };
  return canonical({ ...JSON.parse(text), status: "rejected", reason, changes: [] });
}
