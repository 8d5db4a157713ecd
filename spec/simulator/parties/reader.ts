/** Readers: of a Registrar's copy, of the agreed state as the Usher reads it (worker/agreed.ts), of the published Ledger. */
import { attestedHeights } from "../../../objects/ledger/attest.ts";
import { certified, LedgerCorrupt } from "../../../objects/ledger/ledger.ts";
import type { Trust } from "../../../objects/ledger/trust.ts";
import { lastTerm } from "../../../objects/shared/terms.ts";
import type { Ledger } from "../../../objects/ledger/ledger.ts";
import { entityState } from "../../../objects/ledger/reads.ts";
import { LIMITS } from "../../../objects/shared/limits.ts";
import { TermBook } from "../../../objects/shared/term-book.ts";
import type { EntityAnswer } from "../../../objects/shared/rpc.ts";
import { readAgreed } from "../../../worker/agreed.ts";
import { Problem } from "../../../worker/http/problems.ts";
import type { Court } from "../court.ts";
import type { VirtualD1 } from "./d1.ts";
import type { Office } from "./office.ts";
import type { Ways } from "./reach.ts";
import { entityKeys } from "./workload.ts";

/** What readers reach. */
export interface Shelves {
  readonly court: Court;
  readonly tenant: string;
  /** Seats whose copies may be shown to nobody: their rows may be wrong. */
  readonly faulty: ReadonlySet<number>;
  readonly offices: readonly Office[];
  readonly ways: Ways;
  readonly d1: VirtualD1 | null;
}

type Value = Pick<EntityAnswer, "version" | "state" | "height">;

export class Readers {
  readonly counts = { copies: 0, agreed: 0, ledger: 0, failed: 0 };
  readonly #of: Shelves;
  readonly #pause: number;
  readonly #keys: readonly string[];
  /** What these readers know of the court's terms. */
  readonly #trust: Trust & { readonly terms: TermBook };
  #reads = 0;
  #calm = false;
  /** Whether the agreed state has been read since the faults ended. */
  #served = false;
  /** What no reader may be met with. */
  #broken: unknown = null;

  /** Begins to read; `pause` is the longest one between two reads. */
  constructor(of: Shelves, pause: number) {
    this.#of = of;
    this.#pause = pause;
    this.#keys = entityKeys(of.tenant);
    const { deployment, genesis, verify } = of.court;
    const { quorum } = deployment;
    const terms = new TermBook(genesis.document, quorum, verify);
    this.#trust = { genesis: genesis.document, quorum, verify, terms };
    this.#next();
  }

  /** Reads until it has been served once more. */
  calm(): void {
    this.#calm = true;
    this.#agreed();
  }

  pending(): string[] {
    if (this.#broken !== null) throw this.#broken;
    return this.#calm && !this.#served ? ["no reader was served since the faults ended"] : [];
  }

  #next(): void {
    const { world } = this.#of.court;
    world.after(1 + world.dice.below(this.#pause), () => {
      if (this.#calm) return;
      const one = world.dice.below(10);
      if (one < 7) this.#copy();
      else if (one < 9) this.#agreed();
      else this.#published();
      this.#next();
    });
  }

  #key(): string {
    return this.#of.court.world.dice.one(this.#keys);
  }

  #copy(): void {
    const { world } = this.#of.court;
    const { registrar, replica } = world.dice.one(this.#of.offices);
    const key = this.#key();
    const asked = world.now;
    world.awaited();
    const shown = ({ version, state, height }: Value): void => {
      this.counts.copies += 1;
      const { seat } = replica;
      if (!this.#of.faulty.has(seat))
        world.note({ kind: "read", seat, key, version, state, height, asked });
    };
    registrar
      .read(key)
      .then(shown)
      .catch(() => (this.counts.failed += 1));
  }

  #agreed(): void {
    const { court } = this.#of;
    const key = this.#key();
    const { quorum } = court.deployment;
    const read = readAgreed(
      quorum,
      (seat, atLeast) => this.#ask(seat, key, atLeast),
      (certificate) => certificate.court === 0 && certified(this.#trust, certificate),
      () => this.#wait(LIMITS.readPauseMs),
    );
    this.#shown("seats", key, read).then(
      () => {
        this.counts.agreed += 1;
        this.#served ||= this.#calm;
      },
      (error: unknown) => {
        this.counts.failed += 1;
        if (!(error instanceof Problem)) this.#broken ??= error;
        else if (this.#calm) this.#agreed();
      },
    );
  }

  #published(): void {
    const { tenant, d1 } = this.#of;
    if (d1 === null) return;
    const ledger = { ...this.#trust, db: d1.reached(() => true) };
    const key = this.#key();
    const entity = key.slice(tenant.length + 1);
    this.#shown("ledger", key, published(ledger, tenant, entity)).then(
      () => (this.counts.ledger += 1),
      (error: unknown) => {
        this.counts.failed += 1;
        if (!this.#mayFail(error)) this.#broken ??= error;
      },
    );
  }

  /** D1 is away; or what it holds was changed behind its back, and is refused until a seat has put it right. */
  #mayFail(error: unknown): boolean {
    const defaced = (this.#of.d1?.counts.defaced ?? 0) > 0;
    return String(error).includes("D1_ERROR") || (defaced && error instanceof LedgerCorrupt);
  }

  async #shown(of: "seats" | "ledger", key: string, reading: Promise<Value>): Promise<void> {
    const { world } = this.#of.court;
    const read = ++this.#reads;
    world.note({ kind: "asked", read, of, key });
    world.awaited();
    const { version, state, height } = await reading;
    world.note({ kind: "shown", read, of, key, version, state, height });
  }

  /** As the Usher asks: null for a seat that fails, is silent, or speaks nonsense. */
  #ask(seat: number, key: string, atLeast: number): Promise<EntityAnswer | null> {
    const { world } = this.#of.court;
    return new Promise((resolve) => {
      const cancel = world.after(LIMITS.readMs, () => {
        world.awaited();
        resolve(null);
      });
      const heard = (answer: EntityAnswer | null): void => {
        cancel();
        resolve(answer);
      };
      this.#of.ways
        .entity(seat, key, atLeast)
        .then((text) => this.#read(seat, text))
        .then(heard, () => heard(null));
    });
  }

  /** Keys may have changed since these readers last looked. */
  async #read(seat: number, text: string): Promise<EntityAnswer> {
    const said = JSON.parse(text) as EntityAnswer;
    const { terms } = this.#trust;
    if ((said.certificate?.epoch ?? 0) > lastTerm(terms.of(0)).epoch)
      terms.read(0, await this.#of.ways.terms(seat));
    return said;
  }

  #wait(ms: number): Promise<void> {
    const { world } = this.#of.court;
    return new Promise((resolve) => {
      world.after(ms, () => {
        world.awaited();
        resolve();
      });
    });
  }
}

async function published(ledger: Ledger, tenant: string, entity: string): Promise<Value> {
  const heights = await attestedHeights(ledger);
  const found = await entityState(ledger, tenant, entity, heights);
  const { version = 0, state = null } = found ?? {};
  return { version, state, height: heights[0] ?? 0 };
}
