/** What a seat is and has before it is seated: name, key, storage, faults. Throws `Refused` when its name is wrong. */
import type { Rules } from "../arbiter/evaluation.ts";
import { deploymentOf } from "../shared/config.ts";
import type { Deployment } from "../shared/config.ts";
import { subjectOf } from "../shared/control.ts";
import type { Control, ControlRequest } from "../shared/control.ts";
import { LIMITS } from "../shared/limits.ts";
import { nameOf, officerOf, regionOf } from "../shared/names.ts";
import { signer, verifier } from "../shared/node/crypto.ts";
import type { KeyPair, Sign, Verify } from "../shared/node/crypto.ts";
import { Notes, keyHere, officerHere } from "../shared/shell/identity.ts";
import { Refused } from "../shared/rpc.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import { Chain } from "./chain.ts";
import { Faults } from "./faults.ts";
import { GenesisDesk, identityOf } from "./genesis-desk.ts";
import { Incidents } from "./incidents.ts";
import { SeatNotes } from "./notes.ts";
import { StateRoots } from "./roots.ts";
import { Repairs } from "./repairs.ts";
import { RowDamaged } from "./rows.ts";
import type { Place } from "./rows.ts";
import { rulesOf } from "./rules.ts";
import { Scrubber } from "./scrubber.ts";
import { stateSource } from "./source.ts";
import { StandingNote, isMended } from "./standing.ts";
import type { Wound } from "./standing.ts";
import { StateDesk } from "./state-desk.ts";
import { AgreedState } from "./state.ts";
import { woundsOf } from "./wounds.ts";

export class Bench {
  readonly env: Bindings;
  readonly deployment: Deployment;
  readonly name: string;
  readonly court: number;
  readonly seat: number;
  readonly notes: SeatNotes;
  readonly pair: KeyPair;
  readonly sign: Sign;
  readonly verify: Verify;
  readonly faults: Faults;
  readonly desk: GenesisDesk;
  readonly chain: Chain;
  readonly state: AgreedState;
  readonly roots: StateRoots;
  readonly states: StateDesk;
  readonly incidents: Incidents;
  readonly standing: StandingNote;
  readonly repairs: Repairs;
  /** By which it evaluates. */
  readonly rules: Rules;
  readonly scrubber: Scrubber;
  readonly #storage: DurableObjectStorage;
  /** Transactions written in this life. */
  commits = 0;

  constructor(ctx: DurableObjectState, env: Bindings) {
    const deployment = deploymentOf(env);
    const { name, officer } = officerHere(ctx, env.CLERK, deployment, "clerk");
    const { sql } = ctx.storage;
    const notes = new Notes(sql);
    this.#storage = ctx.storage;
    this.env = env;
    this.deployment = deployment;
    this.name = name;
    this.court = officer.court;
    this.seat = officer.seat;
    this.notes = new SeatNotes(notes);
    this.pair = keyHere(notes, name);
    this.sign = signer(this.pair);
    this.verify = verifier();
    this.faults = new Faults(this.notes, deployment.faultInjection);
    this.desk = new GenesisDesk(this);
    this.chain = new Chain(sql);
    this.state = new AgreedState(sql, deployment.rootEvery);
    const every = deployment.rootEvery;
    const source = stateSource(this.state, this.chain, deployment.wardens);
    this.roots = new StateRoots(source, this.notes, every);
    this.incidents = new Incidents(sql);
    this.standing = new StandingNote(this.notes);
    const { notes: held, chain, state, roots, standing, incidents, verify } = this;
    const { wardens } = deployment;
    this.states = new StateDesk(sql, {
      notes: held,
      standing,
      chain,
      state,
      roots,
      source,
      every,
      wardens,
    });
    this.rules = rulesOf(deployment);
    this.scrubber = new Scrubber({ chain, state, notes: held, incidents, now: clock });
    this.repairs = new Repairs({
      chain,
      state,
      roots,
      standing,
      incidents,
      rules: this.rules,
      verify,
      now: clock,
      every,
    });
  }

  /** The control that is asked for: a key is fetched from the named object itself. */
  async controlOf(asked: ControlRequest): Promise<Control> {
    if (asked.kind === "version") return asked;
    const { officer } = asked;
    const own = officer.kind === "clerk" && officer.seat === this.seat;
    const named = officer.kind === "clerk" ? { ...officer, court: this.court } : officer;
    if (officerOf(nameOf(this.deployment.generation, named), this.deployment) === null)
      throw new Refused("malformed", `there is no ${subjectOf(asked)}`);
    const holder = own ? this.pair : await identityOf(this.env, this.deployment, named);
    return { ...asked, key: holder.publicKey };
  }

  get region(): string {
    return regionOf(this.deployment, this.seat);
  }

  /** Why the seat has no voice; null when it has. */
  get quarantine(): string | null {
    return this.standing.now.quarantine;
  }

  /** Takes the seat's voice; the first reason stands. `lasting`: until an operator has looked. */
  silence(reason: string, now: number, lasting = false): void {
    const { quarantine } = this.standing.now;
    if (lasting) this.standing.change({ lasting });
    if (quarantine !== null) return;
    this.standing.change({ quarantine: reason });
    const height = this.chain.height();
    this.incidents.record({ kind: "quarantine", height, detail: reason }, now);
  }

  /** The state is to be taken anew: at once, or later if that was done a short while ago. */
  order(now: number): void {
    const { rebuild, rebuiltAt, tries } = this.standing.now;
    if (rebuild) return;
    const soon = rebuiltAt !== null && this.chain.height() - rebuiltAt <= this.#relapse;
    const pause = LIMITS.rebuildPauseMs * 2 ** Math.min(Math.max(tries - 1, 0), 16);
    const retryAt = soon && tries > 0 ? now + Math.min(pause, LIMITS.rebuildPauseCapMs) : 0;
    this.standing.change({ rebuild: true, retryAt, tries: soon ? tries + 1 : 1 });
  }

  get #relapse(): number {
    return LIMITS.relapseRoots * this.deployment.rootEvery;
  }

  /** An operator has looked: what was found is forgotten, what is under way goes on. */
  // Rule: HealSeat.
  heal(): void {
    const looked = { quarantine: null, lasting: false, verify: false };
    this.standing.change({ ...looked, rebuiltAt: null, tries: 0 });
  }

  /** Part of the first transaction of each life: what storage says of how the seat stands is there from now on. */
  stand(now: number): void {
    if (this.standing.kept) return;
    const { quarantine } = this.standing.now;
    this.standing.change({});
    if (quarantine === null) return;
    const height = this.chain.height();
    this.incidents.record({ kind: "quarantine", height, detail: quarantine }, now);
  }

  /**
   * What a damaged row, which nothing here could repair, costs: the voice, until its block or the state has come again. Whether
   * the seat now stands otherwise than before.
   */
  // Rules: SilenceDamagedSeat, RetakeUnrepairable.
  hurt(error: RowDamaged, now: number): boolean {
    const { place } = error;
    const before = this.standing.now;
    const reason = `damaged storage: ${error.message}`;
    const wounds = place === null ? undefined : this.#woundsOf(place);
    if (place?.table === "notes") this.#hurtNote(place, reason, now);
    else if (wounds === undefined) {
      this.silence(reason, now);
      this.order(now);
    } else if (wounds.length > 0) this.#keepWounds(wounds, reason, now);
    else if (place !== null)
      this.incidents.record({ kind: "repair", ...place, height: this.chain.height() }, now);
    return JSON.stringify(this.standing.now) !== JSON.stringify(before);
  }

  /** The chain ends below what the seat has voted on: the blocks between are to come again before it votes. */
  lostBlocks(message: string, now: number): void {
    const height = this.chain.height() + 1;
    const wound = { table: "blocks", key: height, height, digest: null };
    this.#keepWounds([wound], `damaged storage: ${message}`, now);
  }

  #woundsOf(place: Place): Wound[] | undefined {
    const votes = textIn(() => this.notes.get("votes"));
    return woundsOf({ sql: this.#storage.sql, chain: this.chain, votes }, place);
  }

  #keepWounds(wounds: readonly Wound[], reason: string, now: number): void {
    const { wounds: known } = this.standing.now;
    const fresh = wounds.filter(
      ({ height, table }) => !known.some((of) => of.height === height && of.table === table),
    );
    this.silence(reason, now);
    this.standing.change({ wounds: [...known, ...fresh].slice(0, LIMITS.wounds) });
  }

  /** Votes that are lost cost the voice for good: without them the seat might contradict itself. */
  // Rule: SilenceWithoutVotes.
  #hurtNote({ key, digest }: Place, reason: string, now: number): void {
    if (!this.#mendNote(String(key))) return this.silence(reason, now, true);
    const height = this.chain.height();
    this.incidents.record({ kind: "repair", table: "notes", key, height, digest }, now);
  }

  /** Whether what a note said is known from elsewhere, or need not be. */
  // Rule: ForgetDamagedNote.
  #mendNote(key: string): boolean {
    if (key === "standing") this.standing.change({});
    else if (key.startsWith("parts/") || key.startsWith("changed/"))
      this.roots.readAll(this.chain.height());
    else if (key === "scrub" || key === "faults" || key === "genesis") this.notes.delete(key);
    else return key.includes("genesis") && this.desk.mend(key);
    return true;
  }

  /** The block of a height is whole again; whether the seat has its voice back with it. */
  mended(height: number, now: number): boolean {
    const { wounds } = this.standing.now;
    const here = wounds.filter((wound) => wound.height === height);
    if (here.length === 0) return false;
    this.standing.change({ wounds: wounds.filter((wound) => wound.height !== height) });
    for (const wound of here) this.incidents.record({ kind: "repair", ...wound }, now);
    return this.lift();
  }

  /** Gives the voice back where nothing is left that withholds it; whether it does. */
  // Rule: SpeakAgain.
  lift(): boolean {
    const { now } = this.standing;
    if (now.quarantine === null || !isMended(now)) return false;
    this.standing.change({ quarantine: null });
    return true;
  }

  /** Resolves when everything written so far is durable. */
  synced(): Promise<void> {
    return this.#storage.sync();
  }

  /** Writes all of it or, when it throws, nothing. */
  atomic<T>(work: () => T): T {
    try {
      const result = this.#storage.transactionSync(work);
      this.commits += 1;
      return result;
    } catch (error) {
      this.standing.forget();
      throw error;
    }
  }
}

function clock(): number {
  return Date.now();
}

function textIn(read: () => string | undefined): string {
  try {
    return read() ?? "";
  } catch (error) {
    if (error instanceof RowDamaged) return "";
    throw error;
  }
}
