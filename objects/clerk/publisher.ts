/**
 * From this seat's chain to the Ledger, in order: publish, read back, attest. D1 being away delays this and nothing else; its
 * write failures are ambiguous, so the same run is tried again. Where it stands is read from D1, never remembered.
 */
import { attest, attestDigest, attestedHeights, wordOf } from "../ledger/attest.ts";
import { publishGenesis, publishRun, publishedHeight } from "../ledger/append.ts";
import { auditRange } from "../ledger/audit.ts";
import { LedgerConflict } from "../ledger/ledger.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Sign } from "../shared/node/crypto.ts";
import type { Chain } from "./chain.ts";
import type { Incidents } from "./incidents.ts";
import { RowDamaged } from "./rows.ts";

/** Time as the publisher needs it. */
export interface Clock {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export interface Press {
  readonly ledger: Ledger;
  readonly genesis: Genesis;
  readonly court: number;
  readonly seat: number;
  /** Of this seat. */
  readonly key: string;
  readonly sign: Sign;
  readonly chain: Pick<Chain, "height" | "head" | "above" | "lowest">;
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
}

/** Something trying again cannot mend. */
interface Obstacle {
  readonly kind: "ledger-conflict" | "ledger-damaged";
  readonly height: number;
  readonly detail: string;
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
  /** The Ledger is not what was published: this seat attests no more. */
  #damage: Obstacle | null = null;

  constructor(press: Press) {
    this.#press = press;
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
    const height = this.#press.chain.height();
    if (this.#damage !== null) return (this.#held ?? 0) < height;
    return this.#attested < height || (this.#audited ?? 0) < height;
  }

  /** Goes on until the Ledger has caught up; harmless when it already runs. */
  wake(): void {
    this.#report();
    this.#idle = 0;
    if (this.#running || !this.behind()) return;
    this.#running = true;
    this.#stillSince = this.#press.clock.now();
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    while (this.behind()) {
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
      await this.#press.clock.wait(
        Math.min(LIMITS.publishPauseMs * 2 ** doublings, LIMITS.alarmMs),
      );
    }
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#lastFailure = error instanceof Error ? error.message : String(error);
    if (error instanceof LedgerConflict) {
      const { height } = error;
      this.#held = Math.min(this.#held ?? height, Math.max(height - 1, 0));
      this.#conflict = this.#meet("ledger-conflict", height, error.message);
    }
    if (error instanceof RowDamaged) this.#press.damaged(error);
  }

  #report(): void {
    const { chain, backlog, voice } = this.#press;
    if (this.#held !== null && voice()) backlog(chain.height() - this.#held);
  }

  async #round(): Promise<void> {
    const { ledger, genesis, court, leads } = this.#press;
    const before = [this.#held, this.#audited, this.#attested].join("/");
    if (!this.#genesisHeld) await publishGenesis(ledger.db, genesis);
    this.#genesisHeld = true;
    this.#note(await publishedHeight(ledger, court));
    const stillFor = this.#press.clock.now() - this.#stillSince;
    if (leads() || stillFor >= LIMITS.publishPatienceMs) await this.#publish();
    if (this.#damage === null) await this.#audit();
    this.#attested = (await attestedHeights(ledger))[court] ?? 0;
    const moved = before !== [this.#held, this.#audited, this.#attested].join("/");
    this.#idle = moved ? 0 : this.#idle + 1;
  }

  #note(height: number): void {
    if (this.#held !== height) this.#stillSince = this.#press.clock.now();
    this.#held = height;
  }

  async #publish(): Promise<void> {
    const { ledger, court, chain } = this.#press;
    for (;;) {
      const run = chain.above(this.#held ?? 0, LIMITS.publishRunBlocks, LIMITS.publishRunBytes);
      if (run.length === 0) return;
      this.#note(await publishRun(ledger, court, run));
    }
  }

  async #audit(): Promise<void> {
    const { ledger, court, seat, chain, sign, voice } = this.#press;
    const to = Math.min(this.#held ?? 0, chain.height());
    // A Ledger that was set back has lost words too.
    const known = Math.min(this.#audited ?? (await this.#vouched()), to);
    // Of a state that was taken this seat has the block it is after, which stands for all below it.
    const from = Math.max(known, Math.min(chain.lowest() - 1, to));
    this.#audited = from;
    if (to === from) return;
    const own = (height: number) => chain.head(height).certificate.block;
    const { auditedHeight, wrong } = await auditRange(ledger, court, { from, to }, own);
    // The voice may have been lost meanwhile.
    if (auditedHeight > from && voice()) {
      const block = own(auditedHeight);
      const signature = sign(attestDigest(court, auditedHeight, block));
      await attest(ledger, { court, seat, height: auditedHeight, block, signature });
      this.#audited = auditedHeight;
    }
    if (wrong !== undefined) this.#damage = this.#meet("ledger-damaged", wrong.height, wrong.what);
  }

  /** Up to where this seat gave its word in an earlier life; 0 if the word is not its own, or not on its own chain. */
  async #vouched(): Promise<number> {
    const { ledger, key, court, seat, chain } = this.#press;
    const word = await wordOf(ledger, court, seat);
    if (word === null || word.height < 1 || word.height > chain.height()) return 0;
    const { height, block, signature } = word;
    if (height < chain.lowest() - 1) return 0;
    const given = ledger.verify(key, attestDigest(court, height, block), signature);
    return given && chain.head(height).certificate.block === block ? height : 0;
  }

  #meet(kind: Obstacle["kind"], height: number, detail: string): Obstacle {
    const obstacle = { kind, height, detail };
    this.#press.incidents.recordOnce(obstacle, this.#press.clock.now());
    return obstacle;
  }
}
