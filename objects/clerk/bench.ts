/** What a seat is and has before it is seated: name, key, storage, faults. Throws `Refused` when its name is wrong. */
import { deploymentOf } from "../shared/config.ts";
import type { Deployment } from "../shared/config.ts";
import { subjectOf } from "../shared/control.ts";
import type { Control, ControlRequest } from "../shared/control.ts";
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
import { RowDamaged } from "./rows.ts";
import { stateSource } from "./source.ts";
import { StateDesk } from "./state-desk.ts";
import { AgreedState } from "./state.ts";

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
  readonly #storage: DurableObjectStorage;

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
    const { notes: held, chain, state, roots } = this;
    this.states = new StateDesk(sql, { notes: held, chain, state, roots, source, every });
    this.incidents = new Incidents(sql);
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
    try {
      return this.notes.get("quarantine") ?? null;
    } catch (error) {
      if (error instanceof RowDamaged) return error.message;
      throw error;
    }
  }

  /** Takes the seat's voice until an operator heals it; the first reason stands. */
  silence(reason: string, now: number): void {
    if (this.quarantine !== null) return;
    this.notes.put("quarantine", reason);
    const height = this.chain.height();
    this.incidents.record({ kind: "quarantine", height, detail: reason }, now);
  }

  /** Resolves when everything written so far is durable. */
  synced(): Promise<void> {
    return this.#storage.sync();
  }

  /** Writes all of it or, when it throws, nothing. */
  atomic<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }
}
