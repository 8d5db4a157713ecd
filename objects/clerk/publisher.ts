/**
 * From this seat's chain to the Ledger, in order: publish, read back, attest. D1 being away delays this and nothing else; its
 * write failures are ambiguous, so the same run is tried again. Where it stands is read from D1, never remembered.
 */
import { attest, attestDigest, attestedHeights } from "../ledger/attest.ts";
import { publishGenesis, publishRun, publishedHeight } from "../ledger/append.ts";
import { auditRange } from "../ledger/audit.ts";
import { LedgerConflict, LedgerGap } from "../ledger/ledger.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Sign } from "../shared/node/crypto.ts";
import type { Chain } from "./chain.ts";
import type { Incidents } from "./incidents.ts";

interface Press {
  readonly ledger: Ledger;
  readonly genesis: Genesis;
  readonly court: number;
  readonly seat: number;
  readonly sign: Sign;
  readonly chain: Chain;
  readonly incidents: Incidents;
  /** Whether this seat leads: others publish only when the Ledger stands still. */
  readonly leads: () => boolean;
  /** Heights agreed here and not held by the Ledger. */
  readonly backlog: (blocks: number) => void;
}

export class Publisher {
  readonly #press: Press;
  #running = false;
  #genesisHeld = false;
  /** What the Ledger holds, as last read; null before the first reading of this life. */
  #held: number | null = null;
  #heldSince = 0;
  #audited = 0;
  #attested = 0;
  #failures = 0;
  /** A conflict or damage that trying again cannot mend. */
  #stopped = false;

  constructor(press: Press) {
    this.#press = press;
  }

  /** Highest height that enough seats attest, as last read. */
  get attested(): number {
    return this.#attested;
  }

  /** Whether anything agreed is not yet published and audited. */
  behind(): boolean {
    const height = this.#press.chain.height();
    return !this.#stopped && (this.#attested < height || this.#audited < height);
  }

  /** Goes on until the Ledger has caught up; harmless when it already runs. */
  wake(): void {
    if (this.#running || !this.behind()) return;
    this.#running = true;
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
        this.#failures += 1;
        if (error instanceof LedgerConflict)
          this.#stop("ledger-conflict", error.height, error.message);
        if (error instanceof LedgerGap) this.#held = error.height;
        else this.#held = null;
      }
      const { chain, backlog } = this.#press;
      if (this.#held !== null) backlog(chain.height() - this.#held);
      if (!this.behind()) return;
      const pause = Math.min(
        LIMITS.publishPauseMs * 2 ** Math.min(this.#failures, 5),
        LIMITS.alarmMs,
      );
      await scheduler.wait(pause);
    }
  }

  async #round(): Promise<void> {
    const { ledger, genesis, court, chain } = this.#press;
    if (!this.#genesisHeld) await publishGenesis(ledger.db, genesis);
    this.#genesisHeld = true;
    if (this.#held === null || this.#held < chain.height())
      this.#note(await publishedHeight(ledger, court));
    if (this.#mayPublish()) await this.#publish();
    await this.#audit();
    this.#attested = (await attestedHeights(ledger))[court] ?? 0;
  }

  #note(height: number): void {
    if (this.#held !== height) this.#heldSince = Date.now();
    this.#held = height;
  }

  #mayPublish(): boolean {
    return this.#press.leads() || Date.now() - this.#heldSince >= LIMITS.publishPatienceMs;
  }

  async #publish(): Promise<void> {
    const { ledger, court, chain } = this.#press;
    for (;;) {
      const held = this.#held ?? 0;
      const run = chain.above(held, LIMITS.publishRunBlocks, LIMITS.publishRunBytes);
      if (run.length === 0) return;
      this.#note(await publishRun(ledger, court, run));
    }
  }

  async #audit(): Promise<void> {
    const { ledger, court, seat, chain, sign } = this.#press;
    const to = Math.min(this.#held ?? 0, chain.height());
    if (to <= this.#audited) return;
    const own = (height: number) => chain.head(height)?.certificate.block ?? null;
    const { auditedHeight, wrong } = await auditRange(
      ledger,
      court,
      { from: this.#audited, to },
      own,
    );
    if (auditedHeight > this.#audited) {
      const block = own(auditedHeight) ?? "";
      const signature = sign(attestDigest(court, auditedHeight, block));
      await attest(ledger, { court, seat, height: auditedHeight, block, signature });
      this.#audited = auditedHeight;
    }
    if (wrong !== undefined) this.#stop("ledger-damaged", wrong.height, wrong.what);
  }

  #stop(kind: "ledger-conflict" | "ledger-damaged", height: number, detail: string): void {
    this.#press.incidents.record({ kind, height, detail }, Date.now());
    this.#stopped = true;
  }
}
