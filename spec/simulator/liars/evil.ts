/**
 * A liar that knows the protocol: it keeps what it hears, and says at each moment the most damaging thing it can sign. What it
 * does in a (height, view) it draws once, so that its lies fit together.
 */
import { termNow } from "../../../objects/clerk/consensus/office.ts";
import type {
  Commit,
  Message,
  Prepare,
  Proposal,
  ViewChange,
} from "../../../objects/clerk/consensus/messages.ts";
import { voteSignature } from "../../../objects/clerk/consensus/messages.ts";
import { leaderOf } from "../../../objects/shared/quorum.ts";
import type { Batch } from "../../../objects/shared/types.ts";
import { blockOf, Forge, padded, PRETEXTS } from "./forge.ts";
import type { Pretext } from "./forge.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

/** What it does about a view. */
interface Plan {
  /** As leader: its core's proposal, two different ones, or one under a pretext. */
  readonly proposes: "own" | "split" | "pretext";
  readonly pretext: Pretext;
  /** Seats that get its votes and certificates. */
  readonly favoured: readonly number[];
  /** Votes for whatever anybody votes for. */
  readonly votes: "own" | "echo" | "thrice" | "wrong" | "none";
  /** What it lets its view changes know. */
  readonly changes: "own" | "none" | "oldest" | "forged" | "two-faced";
  /** Hands on what others said to others. */
  readonly relays: boolean;
  /** Keeps to itself what is decided. */
  readonly withholds: boolean;
  /** Proposes in views that others lead. */
  readonly usurps: boolean;
}

const PLANS = 64;

export class Evil implements Mouth {
  readonly tongue: Tongue;
  readonly hearsay: Hearsay;
  readonly #forge: Forge;
  readonly #plans = new Map<number, Plan>();
  /** What was proposed in a view under a pretext, and to whom. */
  readonly #proposed = new Map<number, { batch: Batch; to: Set<number> }>();
  readonly #echoed = new Set<string>();
  /** One plan for every view, or null: then chance has another for each. */
  readonly #patient: Plan | null;

  constructor(place: Place, hearsay = new Hearsay(place.setup.quorum.q)) {
    this.tongue = new Tongue(place);
    this.#patient = place.dice.percent(65) ? this.#patientPlan() : null;
    this.hearsay = hearsay;
    this.#forge = new Forge(this.tongue, hearsay);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.hearsay.note(message);
    if (message.kind === "proposal") return this.#insteadOfProposal(to, message);
    if (message.kind === "view-change") return this.#insteadOfChange(to, message);
    if (message.kind === "prepare" || message.kind === "commit")
      return this.#insteadOfVote(to, message);
    if (message.kind === "blocks" || message.kind === "batch-answer")
      return this.#patient?.withholds === true ? [] : [{ to, message }];
    if (message.kind !== "decided") return [{ to, message }];
    const { withholds, favoured } = this.#plan(message.certificate.view);
    return withholds || !favoured.includes(to) ? [] : [{ to, message }];
  }

  heard(message: Message): readonly Told[] {
    this.hearsay.note(message);
    if (message.kind === "sync") return this.#again(message.from);
    if (message.kind === "proposal" || message.kind === "commit") return this.#relay(message);
    if (message.kind === "prepare") return [...this.#relay(message), ...this.#echo(message)];
    if (message.kind !== "view-change") return [];
    return [...this.#relay(message), ...this.#usurp(message.view), ...this.#second(message)];
  }

  /** Helps everybody to decide, and denies it afterwards: lies wait until there is something to betray. */
  #patientPlan(): Plan {
    const { dice } = this.tongue.place;
    return {
      proposes: dice.one(["own", "pretext", "pretext", "pretext", "split"] as const),
      pretext: dice.one(PRETEXTS),
      favoured: this.tongue.honest(),
      votes: dice.one(["echo", "echo", "echo", "echo", "echo", "thrice", "wrong"] as const),
      changes: dice.one(["none", "none", "none", "oldest"] as const),
      relays: false,
      withholds: dice.percent(80),
      usurps: dice.percent(10),
    };
  }

  #plan(view: number): Plan {
    if (this.#patient !== null) return this.#patient;
    const known = this.#plans.get(view);
    if (known !== undefined) return known;
    const { dice } = this.tongue.place;
    const honest = this.tongue.honest();
    const share = dice.below(4);
    const plan: Plan = {
      proposes: dice.one(["own", "split", "split", "pretext", "pretext", "pretext"] as const),
      pretext: dice.one(PRETEXTS),
      favoured: share === 0 ? honest : honest.filter(() => dice.percent(60)),
      votes: dice.one(["own", "echo", "echo", "echo", "thrice", "wrong", "none"] as const),
      changes: dice.one(["own", "none", "none", "oldest", "forged", "two-faced"] as const),
      relays: dice.percent(20),
      withholds: false,
      usurps: dice.percent(5),
    };
    if (this.#plans.size >= PLANS) this.#plans.clear();
    this.#plans.set(view, plan);
    return plan;
  }

  #insteadOfProposal(to: number, message: Proposal): Told[] {
    const { proposes } = this.#plan(message.view);
    if (proposes === "own") return [{ to, message }];
    if (proposes === "pretext")
      return this.#betrays(message.view) ? this.#usurp(message.view) : [{ to, message }];
    return [{ to, message: this.#side(to, message) }];
  }

  /** Those in favour are told one thing, the others another. */
  #side(to: number, message: Proposal): Proposal {
    if (this.#plan(message.view).favoured.includes(to)) return message;
    const before = this.#proposed.get(message.view);
    const fits = before?.batch.header.height === message.batch.header.height;
    const batch = fits ? before.batch : this.#forge.retimed(message.batch);
    this.#proposed.set(message.view, { batch, to: new Set() });
    return this.#forge.proposal(message.view, message.from, { batch, why: message.justification });
  }

  #insteadOfVote(to: number, message: Prepare | Commit): Told[] {
    const plan = this.#plan(message.view);
    if (plan.votes === "own") return [{ to, message }];
    if (plan.votes === "none" || !plan.favoured.includes(to)) return [];
    if (plan.votes === "wrong" && message.kind === "prepare")
      return [{ to, message: this.tongue.otherwise(message, { result: message.batch }) }];
    return [{ to, message }];
  }

  /** Votes for what an honest seat votes for, once for each thing. */
  #echo({ from, height, view, batch, result }: Prepare): Told[] {
    const { liars } = this.tongue.place;
    const plan = this.#plan(view);
    const what = `${height}/${view}/${batch}/${result}`;
    if (liars.includes(from) || this.#echoed.has(what) || plan.votes === "own") return [];
    if (plan.votes === "none") return [];
    if (this.#echoed.size > 1_000) this.#echoed.clear();
    this.#echoed.add(what);
    const said: Message[] = [];
    for (const liar of liars) {
      const times = plan.votes === "thrice" ? 3 : 1;
      for (let time = 0; time < times; time++)
        said.push(...this.#votes({ height, view, batch, result }, liar, plan.votes === "wrong"));
    }
    for (const one of said) this.hearsay.note(one);
    const to = this.tongue.honest().filter((seat) => plan.favoured.includes(seat));
    if (plan.votes === "thrice") said.push(...this.#alone({ height, view, batch, result }));
    return to.flatMap((seat) => said.map((message) => ({ to: seat, message })));
  }

  #votes(
    vote: Pick<Prepare, "height" | "view" | "batch" | "result">,
    from: number,
    wrong: boolean,
  ): Message[] {
    const known = this.hearsay.batches.get(vote.batch);
    const result = wrong ? vote.batch : vote.result;
    const prepare = this.tongue.say({ kind: "prepare", ...vote, result }, from);
    if (known === undefined) return [prepare];
    const block = blockOf(known, vote.result);
    return [prepare, this.tongue.say({ kind: "commit", ...vote, block }, from)];
  }

  /** A certificate of its own word only, as often as it takes. */
  #alone(vote: Pick<Prepare, "height" | "view" | "batch" | "result">): Message[] {
    const known = this.hearsay.batches.get(vote.batch);
    if (known === undefined) return [];
    const { liars, setup } = this.tongue.place;
    const block = blockOf(known, vote.result);
    const own = liars.map((from) =>
      voteSignature(this.tongue.say({ kind: "commit", ...vote, block }, from)),
    );
    const { court, quorum } = setup;
    const { epoch } = termNow(this.tongue.place.core());
    const signatures = padded(own, quorum.q);
    const certificate = { court, epoch, ...vote, block, signatures };
    return [this.tongue.say({ kind: "decided", certificate })];
  }

  #insteadOfChange(to: number, message: ViewChange): Told[] {
    const height = this.#target(message.view);
    const denies = this.#patient !== null && height < message.height;
    const below = denies && (height === 1 || this.#forge.below(height) !== null);
    const changed = below
      ? this.#forge.change(message.from, message.view, height, null)
      : this.#changed(to, message);
    this.hearsay.note(changed);
    return [{ to, message: changed }];
  }

  /** A view change that denies what it should hand over. */
  #changed(to: number, message: ViewChange): ViewChange {
    const { changes, favoured } = this.#plan(message.view);
    const oldest = this.hearsay.preparedAt(message.height).find(({ view }) => view < message.view);
    switch (changes) {
      case "own":
        return message;
      case "none":
        return this.tongue.otherwise(message, { prepared: null });
      case "oldest":
        return this.tongue.otherwise(message, { prepared: oldest ?? null });
      case "forged":
        return message.prepared === null
          ? message
          : this.tongue.otherwise(message, {
              prepared: { ...message.prepared, batch: message.prepared.result },
            });
      case "two-faced":
        return favoured.includes(to) ? message : this.tongue.otherwise(message, { prepared: null });
    }
  }

  /** Moves along with whoever moves, so that views open for as few as possible. */
  #second(heard: ViewChange): Told[] {
    const { place } = this.tongue;
    const what = `move/${heard.view}/${heard.height}`;
    if (place.liars.includes(heard.from) || this.#echoed.has(what)) return [];
    const { changes } = this.#plan(heard.view);
    if (changes === "own") return [];
    this.#echoed.add(what);
    const oldest = changes === "oldest" ? this.hearsay.preparedAt(heard.height)[0] : undefined;
    const prepared = oldest !== undefined && oldest.view < heard.view ? oldest : null;
    if (heard.height > 1 && this.#forge.below(heard.height) === null) return [];
    return place.liars.flatMap((from) => {
      const own = this.#forge.change(from, heard.view, heard.height, prepared);
      this.hearsay.note(own);
      return this.tongue.honest().map((to) => ({ to, message: own }));
    });
  }

  /** Proposes in a view of a liar's what nobody should accept, to everybody who has not been told yet. */
  #usurp(view: number): Told[] {
    const { place } = this.tongue;
    const plan = this.#plan(view);
    const leads = leaderOf(view, place.setup.quorum.n);
    const leader = place.liars.includes(leads) ? leads : place.seat;
    if (plan.proposes !== "pretext" || (leader !== leads && !plan.usurps)) return [];
    if (!this.#betrays(view)) return [];
    const before = this.#proposed.get(view);
    const batch = before?.batch ?? this.#forge.conflicting(this.#target(view));
    if (batch === null) return [];
    const excuse = this.#forge.excuse(plan.pretext, view, batch);
    if (excuse === null) return [];
    const told = before?.to ?? new Set<number>();
    this.#proposed.set(view, { batch: excuse.batch, to: told });
    const to = this.tongue.honest().filter((seat) => !told.has(seat));
    for (const seat of to) told.add(seat);
    const message = this.#forge.proposal(view, leader, excuse);
    this.hearsay.note(message);
    return to.map((seat) => ({ to: seat, message }));
  }

  /** Whether there is something to lie against; the impatient do not wait for it. */
  #betrays(view: number): boolean {
    if (this.#patient === null || this.#proposed.has(view)) return true;
    return this.hearsay.preparedAt(this.#target(view)).length > 0;
  }

  /** The height that most can still be fooled at: the lowest that somebody moves with. */
  #target(view: number): number {
    const next = this.tongue.place.core().tip.height + 1;
    const honest = this.tongue.honest();
    const heights = this.hearsay
      .changesFor(view)
      .filter(({ from }) => honest.includes(from))
      .map(({ height }) => height);
    return Math.min(next, ...heights);
  }

  /** Who asks has just started: perhaps it has forgotten what it voted for. */
  #again(from: number): Told[] {
    const { place } = this.tongue;
    const last = this.hearsay.proposals.findLast((one) => place.liars.includes(one.from));
    if (last === undefined || !place.dice.percent(50)) return [];
    const batch = this.#forge.retimed(last.batch);
    const why = last.justification;
    return [{ to: from, message: this.#forge.proposal(last.view, last.from, { batch, why }) }];
  }

  #relay(message: Prepare | Commit | Proposal | ViewChange): Told[] {
    if (!this.#plan(message.view).relays) return [];
    const honest = this.tongue.honest().filter((seat) => seat !== message.from);
    return honest.map((to) => ({ to, message }));
  }
}
