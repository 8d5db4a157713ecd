/**
 * One court of real seats: consensus core, `check.ts` and Arbiter over virtual disks, clocks and network. Who takes part in a
 * run from outside (Wardens, publishers, liars) meets it through {@link Court}, {@link Replica} and {@link Mouth}.
 */
import type { Rules } from "../../objects/arbiter/evaluation.ts";
import { chosen } from "../../objects/arbiter/domains/shipped.ts";
import { registryOf } from "../../objects/arbiter/registry.ts";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import type { Seat, Setup, Tip } from "../../objects/clerk/consensus/seat.ts";
import { known } from "../../objects/shared/assert.ts";
import type { Control } from "../../objects/shared/control.ts";
import { deploymentOf } from "../../objects/shared/config.ts";
import type { Deployment } from "../../objects/shared/config.ts";
import { resultDigest } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { DOMAIN_VERSION, genesisDigest } from "../../objects/shared/genesis.ts";
import type { Genesis, GenesisDocument } from "../../objects/shared/genesis.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { courtOf, keyHolders, nameOf } from "../../objects/shared/names.ts";
import type { Sign, Verify } from "../../objects/shared/node/crypto.ts";
import type { Mode } from "../../objects/shared/quorum.ts";
import { firstTerms, termAt } from "../../objects/shared/terms.ts";
import { PROTOCOL_VERSION } from "../../objects/shared/types.ts";
import type { Block, Writ } from "../../objects/shared/types.ts";
import type { Disk } from "./disk.ts";
import { Network } from "./network.ts";
import { SeatReplica } from "./replica.ts";
import { modelledKeys } from "./signatures.ts";
import type { Keys } from "./signatures.ts";
import { START } from "./world.ts";
import type { World } from "./world.ts";

/** Who holds a key of the court. */
export type Officer = Extract<Control, { kind: "key" }>["officer"];

/** One running copy of a seat; a Twin has two, with one key and separate disks. */
export interface Replica {
  readonly seat: number;
  /** 0, or 1 for a Twin's second copy. */
  readonly copy: number;
  readonly up: boolean;
  /** Lives begun so far: what a part keeps in memory beside the seat goes with each. */
  readonly life: number;
  readonly disk: Disk;
  /** The running core, or the last one. */
  core(): Seat;
  /** The seat's own clock, Unix milliseconds. */
  now(): number;
  /** As `Agreement.submit`: false if the seat is down, or seal or form is wrong. */
  submit(writ: Writ): boolean;
  decided(writ: Writ): boolean;
  /** As `Agreement.found`, `alone` and `lacking`: blocks from the Ledger, and when they are looked for. */
  found(blocks: readonly Block[]): void;
  alone(): boolean;
  lacking(): boolean;
  /** The Ledger's backlog, as the publisher reports it. */
  backlog(full: boolean): void;
  /** Something beside the agreement read a damaged row: with a voice, it is lost, and the life ends. */
  damaged(error: Error): void;
  /** Called with each block after it is applied, in every life. */
  onAgreed(listener: (block: Block, evaluation: Evaluation) => void): void;
  /** Called after each of its timers. */
  onTick(listener: () => void): void;
  /** Called when a life has begun, after the core has started. */
  onStart(listener: () => void): void;
}

export interface Court {
  readonly world: World;
  readonly deployment: Deployment;
  readonly genesis: Genesis;
  readonly network: Network;
  readonly replicas: readonly Replica[];
  setup(seat: number): Setup;
  sign(seat: number, digest: string): string;
  readonly verify: Verify;
  sealKey(warden: number): Sign;
  /** The public key that an officer's storage holds now. */
  keyOf(officer: Officer): string;
  /** Its storage is gone, and the key with it: from now on it has another. */
  forgetKey(officer: Officer): void;
  /** Whether some seat has seen it decided that the officer holds the key it has. */
  knows(officer: Officer): boolean;
  /** Puts a message on the network. */
  send(from: Replica, to: number, message: Message, lie: boolean): void;
  /** From now on what this replica's core says goes out as the mouth has it. */
  give(replica: Replica, mouth: Mouth): void;
}

/** A liar: what it makes of its core's messages, and what it says besides. */
export interface Mouth {
  /** What goes out instead of a message of its core. */
  instead(to: number, message: Message): readonly Told[];
  /** What it says on hearing one. */
  heard(message: Message): readonly Told[];
}

export interface Told {
  readonly to: number;
  readonly message: Message;
}

export interface CourtOptions {
  readonly mode: Mode;
  readonly seats: number;
  readonly wardens: number;
  readonly windowMs: number;
  /** Seats with two replicas. */
  readonly twins: readonly number[];
  /** K: heights from one state root to the next. */
  readonly rootEvery?: number;
  readonly keys?: Keys;
}

export class VirtualCourt implements Court {
  readonly world: World;
  readonly deployment: Deployment;
  readonly genesis: Genesis;
  readonly genesisTip: Tip;
  readonly network: Network;
  readonly rules: Rules;
  readonly replicas: readonly SeatReplica[];
  /** Called after each step of a replica, with what it brought done. */
  stepped: (replica: SeatReplica) => void = () => {};
  readonly #keys: Keys;
  readonly #mouths = new Map<Replica, Mouth>();
  readonly #setups: readonly Setup[];

  constructor(world: World, options: CourtOptions) {
    const { mode, seats, wardens, windowMs, twins } = options;
    this.world = world;
    this.#keys = options.keys ?? modelledKeys();
    this.deployment = deploymentOf({
      GENERATION: "virtual",
      MODE: mode,
      ...(mode === "bft" ? { SEATS: seats } : {}),
      WARDENS: wardens,
      WINDOW_SECONDS: Math.ceil(windowMs / 1000),
      DOMAINS: "inventory",
      ROOT_HEIGHTS: options.rootEvery ?? LIMITS.rootHeights,
    });
    this.genesis = genesisOf(this.deployment, this.#keys);
    this.genesisTip = tipOf(this.genesis.document);
    this.rules = {
      registry: registryOf(chosen(this.deployment.domains)),
      windowMs: this.deployment.windowMs,
      clockBoundMs: LIMITS.clockBoundMs,
      courtOf: (tenant, partition) => courtOf(this.deployment, tenant, partition),
    };
    this.#setups = setupsOf(this.deployment, this.genesis.document);
    this.network = new Network(world);
    const copies = this.#setups.flatMap(({ seat }) =>
      twins.includes(seat) ? [{ seat }, { seat, copy: 1 }] : [{ seat }],
    );
    this.replicas = copies.map(({ seat, copy = 0 }) => new SeatReplica(this, seat, copy));
    this.network.connect(this.replicas);
  }

  /** As the genesis has it, with the key that the seat holds now. */
  setup(seat: number): Setup {
    const setup = known(this.#setups[seat], "a seat of the court");
    return { ...setup, key: this.#keys.publicKey(`seat ${seat}`) };
  }

  /** With the key that the seat holds now: a wiped one has another than the genesis names. */
  sign(seat: number, digest: string): string {
    return this.#keys.sign(`seat ${seat}`, digest);
  }

  get verify(): Verify {
    return this.#keys.verify;
  }

  sealKey(warden: number): Sign {
    return (digest) => this.#keys.sign(`warden ${warden}`, digest);
  }

  keyOf(officer: Officer): string {
    return this.#keys.publicKey(whoOf(officer));
  }

  forgetKey(officer: Officer): void {
    this.#keys.forget(whoOf(officer));
  }

  knows(officer: Officer): boolean {
    const key = this.keyOf(officer);
    return this.replicas.some((replica) => {
      if (replica.life === 0) return false;
      if (officer.kind === "clerk" && officer.seat === replica.seat) return false;
      const { setup, tip } = replica.core();
      const { keys, wardenKeys } = termAt(setup.terms, tip.height + 1);
      return key === (officer.kind === "clerk" ? keys[officer.seat] : wardenKeys[officer.warden]);
    });
  }

  give(replica: Replica, mouth: Mouth): void {
    this.#mouths.set(replica, mouth);
  }

  send(from: Replica, to: number, message: Message, lie: boolean): void {
    this.world.note({ kind: "said", seat: from.seat, to, message, lie });
    this.network.carry(from, to, message);
  }

  /** What a core says, through its mouth if it has one. */
  speak(from: Replica, to: number, message: Message): void {
    const mouth = this.#mouths.get(from);
    if (mouth === undefined) return this.send(from, to, message, false);
    for (const told of mouth.instead(to, message))
      this.send(from, told.to, told.message, told.message !== message);
  }

  heard(by: Replica, message: Message): void {
    const mouth = this.#mouths.get(by);
    if (mouth === undefined) return;
    for (const told of mouth.heard(message)) this.send(by, told.to, told.message, true);
  }
}

function whoOf(officer: Officer): string {
  return officer.kind === "clerk" ? `seat ${officer.seat}` : `warden ${officer.warden}`;
}

function genesisOf(deployment: Deployment, keys: Keys): Genesis {
  const { generation } = deployment;
  const holders = keyHolders(deployment).map((officer) => {
    const who = officer.kind === "clerk" ? `seat ${officer.seat}` : holderName(officer);
    return { name: nameOf(generation, officer), who, signs: officer.kind === "clerk" };
  });
  const document: GenesisDocument = {
    protocol: PROTOCOL_VERSION,
    generation,
    mode: deployment.quorum.mode,
    seats: deployment.quorum.n,
    courts: deployment.courts,
    wardens: deployment.wardens,
    windowMs: deployment.windowMs,
    rootEvery: deployment.rootEvery,
    domains: deployment.domains,
    domainVersion: DOMAIN_VERSION,
    time: START,
    keys: Object.fromEntries(holders.map(({ name, who }) => [name, keys.publicKey(who)])),
  };
  const digested = genesisDigest(document);
  const signatures = holders
    .filter(({ signs }) => signs)
    .map(({ name, who }) => [name, keys.sign(who, digested)]);
  return { document, signatures: Object.fromEntries(signatures) as Genesis["signatures"] };
}

function holderName(officer: ReturnType<typeof keyHolders>[number]): string {
  return officer.kind === "warden" ? `warden ${officer.warden}` : "nobody";
}

function setupsOf({ quorum }: Deployment, document: GenesisDocument): Setup[] {
  const terms = firstTerms(document, 0);
  const { rootEvery } = document;
  return termAt(terms, 1).keys.map((key, seat) => {
    return { court: 0, seat, key, quorum, rootEvery, terms };
  });
}

function tipOf(document: GenesisDocument): Tip {
  const block = genesisDigest(document);
  const result = resultDigest({ prior: block, count: 0, root: "", state: null });
  return { height: 0, block, batch: "", result, time: document.time, certificate: null };
}
