/**
 * The audit that never ends: a seat reads the published ledger again, a little at a time, and begins anew when it is through. It goes on only
 * while the seat is awake for something else, and costs D1 next to nothing. Where a reader meets damage, it looks at once.
 */
import { z } from "zod";
import { auditStep } from "../ledger/audit.ts";
import type { Own } from "../ledger/audit.ts";
import { straysBelow, strayVersions } from "../ledger/flaws.ts";
import type { VersionPlace } from "../ledger/flaws.ts";
import type { Flaw } from "../ledger/repair.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Mender } from "./mender.ts";
import type { Press } from "./publisher.ts";

const STRIDE = { blocks: LIMITS.patrolBlocks, bytes: LIMITS.patrolBytes };
const FIRST: VersionPlace = ["", "", 0];

/** How far it is: through the heights up to one, or through the rows of versions up to one. */
const placeShape = z.union([
  z.strictObject({ height: z.int().min(0) }),
  z.strictObject({ version: z.tuple([z.string(), z.string(), z.int()]) }),
]);
type Place = z.infer<typeof placeShape>;

export interface Beat {
  readonly press: Press;
  readonly mender: Mender;
  readonly own: Own;
  /** Up to where this seat has audited before. */
  readonly audited: () => number;
  /** Looks whether this seat's own word still stands. */
  readonly word: () => Promise<void>;
}

export class Patrol {
  readonly #beat: Beat;
  #steppedAt = Number.NEGATIVE_INFINITY;
  #stepping = false;
  #looking = false;

  constructor(beat: Beat) {
    this.#beat = beat;
  }

  /** Takes a step if one is due. D1 being away delays the walk and nothing else. */
  // Rule: ReadLedgerAgain.
  wake(): void {
    const { press, audited } = this.#beat;
    const now = press.clock.now();
    const due = now - this.#steppedAt >= LIMITS.patrolPauseMs;
    if (this.#stepping || !due || !press.voice() || audited() === 0) return;
    this.#stepping = true;
    this.#steppedAt = now;
    void this.#step()
      .catch((error: unknown) => press.failed(error))
      .finally(() => {
        this.#stepping = false;
      });
  }

  /** Looks at one height out of turn; one at a time, for it is outsiders whose reading asks for it. Never rejects. */
  // Rule: LookWhereReadingFailed.
  async look(height: number): Promise<void> {
    const { press } = this.#beat;
    if (this.#looking || !press.voice() || height > press.chain.height()) return;
    this.#looking = true;
    try {
      await this.#lookAt(height);
    } catch (error) {
      press.failed(error);
    } finally {
      this.#looking = false;
    }
  }

  async #step(): Promise<void> {
    await this.#again();
    const { place } = this.#beat.press;
    const at = placeIn(place.get());
    const next = "height" in at ? await this.#heights(at.height) : await this.#versions(at.version);
    place.put(JSON.stringify(next));
  }

  /** One height that was wrong before. */
  async #again(): Promise<void> {
    const height = this.#beat.mender.wrong.next().value;
    if (height !== undefined) await this.#lookAt(height);
  }

  async #lookAt(height: number): Promise<void> {
    if (height === 0) await this.#beat.mender.mendGenesis();
    else await this.#audit(height - 1, height);
  }

  async #heights(from: number): Promise<Place> {
    const { mender, audited, word } = this.#beat;
    if (from === 0) {
      await word();
      await mender.mendGenesis();
      await this.#clear(await straysBelow(this.#beat.press.ledger, this.#beat.press.court));
    }
    if (from >= audited()) return { version: [...FIRST] };
    return { height: await this.#audit(from, audited()) };
  }

  /** Where to go on; what is wrong does not stop the walk. */
  async #audit(from: number, to: number): Promise<number> {
    const { press, mender, own } = this.#beat;
    const { ledger, court } = press;
    const { auditedHeight, wrong } = await auditStep(ledger, court, { from, to }, own, STRIDE);
    for (const height of [...mender.wrong].filter((at) => at > from && at <= auditedHeight))
      mender.sound(height);
    if (wrong === undefined) return auditedHeight;
    await mender.mend(wrong.height, wrong.what);
    return wrong.height;
  }

  async #versions(after: VersionPlace): Promise<Place> {
    const { ledger, court, chain, versionOf } = this.#beat.press;
    // What no agreed outcome can have made; one in a wrong place is met, and put right, at the height that made it.
    const isStray = (key: string, version: number, height: number): boolean =>
      height <= chain.height() && version > versionOf(key);
    const { flaws, last } = await strayVersions(ledger, court, after, isStray);
    await this.#clear(flaws);
    return last === null ? { height: 0 } : { version: [...last] };
  }

  /** Rows that stand where there can be none. */
  async #clear(flaws: readonly Flaw[]): Promise<void> {
    const { mender } = this.#beat;
    for (const flaw of flaws) {
      await mender.report(flaw.height, `a row of ${flaw.part} at ${flaw.place} that nothing made`);
      await mender.exchange([flaw]);
    }
  }
}

/** From the beginning where nothing is noted, or nothing that can be read. */
function placeIn(text: string | null): Place {
  try {
    const { data } = placeShape.safeParse(JSON.parse(text ?? ""));
    return data ?? { height: 0 };
  } catch {
    return { height: 0 };
  }
}
