/**
 * From this seat's chain to the Ledger, in order: publish, read back, attest. D1 being away delays this and nothing else; its
 * write failures are ambiguous, so the same run is tried again. Where it stands is read from D1, never remembered.
 */
import { attest, attestDigest, attestedHeights, wordOf } from "../ledger/attest.ts";
import type { Word } from "../ledger/attest.ts";
import { publishGenesis, publishRun, publishedHeight } from "../ledger/append.ts";
import { auditRange } from "../ledger/audit.ts";
import type { Link } from "../ledger/audit.ts";
import { LedgerConflict, LedgerCorrupt, LedgerGap } from "../ledger/ledger.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Sign } from "../shared/node/crypto.ts";
import type { Chain } from "./chain.ts";
import type { Incidents } from "./incidents.ts";
import { Mender } from "./mender.ts";
import { Patrol } from "./patrol.ts";
import { RowDamaged } from "./rows.ts";

/** Time as the publisher needs it. */
export interface Clock {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export interface PressPorts {
  readonly ledger: Ledger;
  readonly genesis: Genesis;
  readonly court: number;
  readonly seat: number;
  /** Of this seat. */
  readonly key: string;
  readonly sign: Sign;
  readonly chain: Pick<Chain, "height" | "head" | "above" | "lowest" | "block">;
  readonly incidents: Pick<Incidents, "recordOnce">;
  readonly clock: Clock;
  /** Whether this seat's word counts: without a voice it neither publishes nor attests. */
  readonly voice: () => boolean;
  /** Whether this seat leads: others publish only when the Ledger stands still. */
  readonly leads: () => boolean;
  /** Heights agreed here and not held by the Ledger. */
  readonly backlog: (blocks: number) => void;
  /** This seat's own chain is damaged. */
  readonly damaged: (error: RowDamaged) => void;
  /** Version that an entity (`tenant/type/id`) has in this seat's state; 0 for none. */
  readonly versionOf: (key: string) => number;
  /** Where the audit that never ends has come to, over this seat's lives. */
  readonly place: { readonly get: () => string | null; readonly put: (text: string) => void };
}

/** The press and what its workers tell one another. */
export interface Press extends PressPorts {
  /** The walk over what is published met an error. */
  readonly failed: (error: unknown) => void;
}

/** Something trying again cannot mend. */
interface Obstacle {
  readonly kind: "ledger-conflict" | "ledger-damaged";
  readonly height: number;
  readonly detail: string;
  /** Since when it is known, by this seat's clock. */
  readonly since: number;
}

export class Publisher {
  readonly #press: Press;
  #running = false;
  #genesisHeld = false;
  /** What the Ledger holds, as last read; null before the first reading of this life. */
  #held: number | null = null;
  /** Since when the Ledger has stood still while something was to be published. */
  #stillSince = 0;
  /** Height up to which this seat has attested, as read or written in this life; null before the first reading. */
  #audited: number | null = null;
  #attested = 0;
  #failures = 0;
  #lastFailure = "";
  /** Rounds in a row that moved nothing on. */
  #idle = 0;
  /** The Ledger holds other blocks than this seat: it publishes no more. */
  #conflict: Obstacle | null = null;
  /** The Ledger is not what was published: until it is, this seat attests no more. */
  #damage: Obstacle | null = null;
  readonly #mender: Mender;
  readonly #patrol: Patrol;

  constructor(ports: PressPorts) {
    // What the walk meets beside damage; that D1 is away delays it and is told by publishing.
    const failed = (error: unknown) => {
      if (error instanceof LedgerConflict || error instanceof RowDamaged) this.#failed(error);
    };
    const press = { ...ports, failed };
    this.#press = press;
    this.#mender = new Mender(press);
    this.#patrol = new Patrol({
      press,
      mender: this.#mender,
      own: (height) => this.#own(height),
      audited: () => Math.min(this.#audited ?? 0, this.#held ?? 0),
      word: () => this.#word(),
    });
  }

  /** Highest height that enough seats attest, as last read. */
  get attested(): number {
    return this.#attested;
  }

  /** What keeps it from publishing or attesting, for people; null when nothing does. */
  get trouble(): string | null {
    const obstacle = this.#conflict ?? this.#damage;
    if (obstacle !== null)
      return `${obstacle.kind} at height ${obstacle.height}: ${obstacle.detail}`;
    return this.#failures === 0 ? null : `the Ledger fails: ${this.#lastFailure}`;
  }

  /** Whether anything agreed is not yet published, audited and attested, as far as this seat can help it. */
  behind(): boolean {
    if (!this.#press.voice() || this.#conflict !== null) return false;
    const { chain, clock } = this.#press;
    const height = chain.height();
    // Somebody may be mending it; for good it keeps nobody awake.
    if (this.#damage !== null && clock.now() - this.#damage.since >= LIMITS.damageAwakeMs)
      return (this.#held ?? 0) < height;
    return this.#attested < height || (this.#audited ?? 0) < height;
  }

  /** Whether a damage is young enough to stay awake for. */
  waits(): boolean {
    return this.#press.voice() && this.#mender.waits();
  }

  /** A reader met something wrong at a height. D1 being away leaves that to the patrol. */
  async reread(height: number): Promise<void> {
    await this.#patrol.look(height);
  }

  /** A damage that nobody has mended is looked at as often as anything wakes this seat. */
  #wanted(): boolean {
    const { voice } = this.#press;
    return this.behind() || (voice() && this.#conflict === null && this.#damage !== null);
  }

  /** Goes on until the Ledger has caught up; harmless when it already runs. */
  wake(): void {
    this.#report();
    this.#idle = 0;
    this.#patrol.wake();
    if (this.#running || !this.#wanted()) return;
    this.#running = true;
    this.#stillSince = this.#press.clock.now();
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    do {
      const from = this.#press.clock.now();
      try {
        await this.#round();
        this.#failures = 0;
      } catch (error) {
        this.#failed(error);
      }
      this.#report();
      if (!this.behind()) return;
      // Who waits for others asks less and less often; who failed, at once less often.
      const doublings = Math.min(Math.max(this.#failures, this.#idle >> 3), 5);
      // And who has much to do leaves the others their time.
      const took = this.#press.clock.now() - from;
      const rest = Math.min(took * LIMITS.publishRest, LIMITS.publishRestCapMs);
      const pause = Math.max(LIMITS.publishPauseMs * 2 ** doublings, rest);
      await this.#press.clock.wait(Math.min(pause, LIMITS.alarmMs));
    } while (this.behind());
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#lastFailure = error instanceof Error ? error.message : String(error);
    if (error instanceof LedgerConflict) {
      const { height } = error;
      this.#held = Math.min(this.#held ?? height, Math.max(height - 1, 0));
      this.#conflict = this.#obstacle("ledger-conflict", height, error.message);
      const { kind, detail, since } = this.#conflict;
      this.#press.incidents.recordOnce({ kind, height, detail }, since);
    }
    // Below the first block stands the genesis, and it may be what is gone.
    if (error instanceof LedgerGap) this.#genesisHeld = false;
    if (error instanceof RowDamaged) this.#press.damaged(error);
    if (error instanceof LedgerCorrupt) void this.#patrol.look(error.height);
  }

  #report(): void {
    const { chain, backlog, voice } = this.#press;
    if (this.#held !== null && voice()) backlog(chain.height() - this.#held);
  }

  async #round(): Promise<void> {
    const { ledger, court, chain, leads } = this.#press;
    const before = [this.#held, this.#audited, this.#attested].join("/");
    if (!this.#genesisHeld) await this.#publishGenesis();
    this.#note(await publishedHeight(ledger, court, chain.height()));
    await this.#measure();
    const stillFor = this.#press.clock.now() - this.#stillSince;
    if (leads() || stillFor >= LIMITS.publishPatienceMs) await this.#publish();
    await this.#audit();
    this.#attested = (await attestedHeights(ledger))[court] ?? 0;
    const moved = before !== [this.#held, this.#audited, this.#attested].join("/");
    this.#idle = moved ? 0 : this.#idle + 1;
  }

  async #publishGenesis(): Promise<void> {
    const { ledger, genesis } = this.#press;
    try {
      await publishGenesis(ledger.db, genesis);
    } catch (error) {
      if (!(error instanceof LedgerCorrupt) || (await this.#mender.mendGenesis()) === "left")
        throw error;
    }
    this.#genesisHeld = true;
  }

  /** A Ledger that ends below what this seat has read was set back; what is lost is published again. */
  // Rule: RepublishAfterSetback.
  async #measure(): Promise<void> {
    this.#audited ??= await this.#vouched();
    const [held, audited] = [this.#held ?? 0, this.#audited];
    if (held < audited)
      await this.#mender.report(held + 1, `the ledger ends at height ${held}, below what was read`);
  }

  #note(height: number): void {
    if (this.#held !== height) this.#stillSince = this.#press.clock.now();
    this.#held = height;
  }

  // Rule: PublishBacklogInOrder.
  async #publish(): Promise<void> {
    const { ledger, court, chain } = this.#press;
    for (;;) {
      const run = chain.above(this.#held ?? 0, LIMITS.publishRunBlocks, LIMITS.publishRunBytes);
      if (run.length === 0) return;
      try {
        this.#note(Math.min(await publishRun(ledger, court, run), chain.height()));
      } catch (error) {
        if (!(await this.#cleared(error))) throw error;
        return;
      }
    }
  }

  /**
   * Whether what stands in the way of a run is a damaged row, mended here or by another seat before the next run. Throws
   * {@link LedgerConflict} where it is a block that a quorum certified.
   */
  async #cleared(error: unknown): Promise<boolean> {
    if (!(error instanceof LedgerConflict)) return false;
    const { height } = error;
    if (height === 0) await this.#mender.mendGenesis();
    else await this.#mender.mend(height, error.message, true);
    return true;
  }

  async #audit(): Promise<void> {
    const { ledger, court, chain } = this.#press;
    const to = Math.min(this.#held ?? 0, chain.height());
    // A Ledger that was set back has lost words too.
    const known = Math.min(this.#audited ?? 0, to);
    // Of a state that was taken this seat has the block it is after, which stands for all below it.
    const from = Math.max(known, Math.min(chain.lowest() - 1, to));
    this.#audited = from;
    if (to === from) return;
    const own = (height: number) => this.#own(height);
    const { auditedHeight, wrong } = await auditRange(ledger, court, { from, to }, own);
    if (auditedHeight > from) await this.#vouch(auditedHeight);
    const mended =
      wrong === undefined ? "sound" : await this.#mender.mend(wrong.height, wrong.what);
    if (wrong === undefined || mended !== "left") this.#damage = null;
    else if (this.#damage?.height !== wrong.height)
      this.#damage = this.#obstacle("ledger-damaged", wrong.height, wrong.what);
  }

  #own(height: number): Link | null {
    const { chain } = this.#press;
    const here = height >= Math.max(chain.lowest() - 1, 1) && height <= chain.height();
    return here ? chain.head(height).certificate : null;
  }

  async #vouch(height: number): Promise<void> {
    const { ledger, court, seat, chain, sign, voice } = this.#press;
    // The voice may have been lost meanwhile.
    if (!voice()) return;
    const { block } = chain.head(height).certificate;
    const word = {
      court,
      seat,
      height,
      block,
      signature: sign(attestDigest(court, height, block)),
    };
    if (!(await attest(ledger, word))) {
      const held = await wordOf(ledger, court, seat);
      // A later one may be its own, of another life.
      if (!this.#given(held)) {
        await this.#mender.report(height, "a word that this seat did not give");
        await attest(ledger, word, held);
      }
    }
    this.#audited = height;
  }

  /** Gives its word again where it has been taken away or changed. */
  // Rule: RestoreOwnWord.
  async #word(): Promise<void> {
    const { ledger, court, seat } = this.#press;
    const audited = this.#audited ?? 0;
    if (audited < 1) return;
    const held = await wordOf(ledger, court, seat);
    if (this.#given(held) && (held?.height ?? 0) >= audited) return;
    // Meanwhile it may have given a later one.
    if (audited !== this.#audited) return;
    await this.#mender.report(audited, "the word of this seat is missing or not its own");
    await this.#vouch(audited);
  }

  /** Up to where this seat gave its word in an earlier life; 0 if the word is not its own, or not on its own chain. */
  async #vouched(): Promise<number> {
    const { ledger, court, seat } = this.#press;
    const word = await wordOf(ledger, court, seat);
    return this.#given(word) ? (word?.height ?? 0) : 0;
  }

  /** Whether a word is this seat's own, and on its own chain. */
  #given(word: Word | null): boolean {
    const { ledger, key, court, chain } = this.#press;
    if (word === null || word.height < 1 || word.height > chain.height()) return false;
    const { height, block, signature } = word;
    if (height < chain.lowest() - 1) return false;
    const given = ledger.verify(key, attestDigest(court, height, block), signature);
    return given && chain.head(height).certificate.block === block;
  }

  #obstacle(kind: Obstacle["kind"], height: number, detail: string): Obstacle {
    return { kind, height, detail, since: this.#press.clock.now() };
  }
}
