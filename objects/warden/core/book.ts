/** What is pending and sealed: the Warden's working copy of those tables, and every decision about them. */
import { assert, known } from "../../shared/assert.ts";
import { utf8Length } from "../../shared/canonical.ts";
import { writDigest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Submission } from "../../shared/rpc.ts";
import type { Writ } from "../../shared/types.ts";
import type { Finding } from "./held.ts";
import { nextWritLength } from "./sealing.ts";
import type { Settlement } from "./settlement.ts";

/** A reserved key, until its settlement is stored. */
export interface Entry extends Submission {
  /** Place in the order received. */
  place: number;
  /** Length of the event. */
  readonly bytes: number;
  settlement: Settlement | null;
}

/** How a writ is kept: it holds the pending events of its court whose places are in [first, last]. */
export interface WritRow {
  readonly court: number;
  readonly number: number;
  readonly first: number;
  readonly last: number;
  readonly seal: string;
}

export interface SealedWrit {
  readonly writ: Writ;
  readonly entries: readonly Entry[];
  /** When it was first given out in this life of the object, Unix milliseconds. */
  readonly since: number;
}

/** A decided writ whose settlement is not stored yet. */
export interface DecidedWrit {
  readonly sealed: SealedWrit;
  readonly settledAt: number;
  /** Events of it that another writ under its number kept from being decided: they wait again. */
  readonly returned?: readonly Entry[];
}

/** Which numbers of a court are given. */
export interface Numbering {
  readonly last: number;
  /** Numbers below the last that have no writ, ascending: to be sealed first, or the seats wait for them for ever. */
  readonly gaps: readonly number[];
}

/** All that is to be stored of a court. */
export interface Contents extends Numbering {
  readonly court: number;
  readonly entries: readonly Entry[];
  readonly sealed: readonly SealedWrit[];
}

/** Signs a hex digest with the Warden's key. */
type Seal = (digest: string) => string;

interface CourtBook {
  unsealed: Entry[];
  readonly sealed: Map<number, SealedWrit>;
  lastNumber: number;
  gaps: number[];
  /** Why nothing may be sealed here for now, or null. */
  halted: string | null;
}

export class Book {
  readonly #warden: number;
  readonly #seal: Seal;
  readonly #entries = new Map<string, Entry>();
  readonly #courts = new Map<number, CourtBook>();
  #lastPlace = 0;
  #events = 0;
  #bytes = 0;

  constructor(warden: number, seal: Seal) {
    this.#warden = warden;
    this.#seal = seal;
  }

  /** Undecided events. */
  get pending(): number {
    return this.#events;
  }

  /** … of one court. */
  pendingIn(court: number): number {
    const { unsealed, sealed } = this.#court(court);
    const inFlight = [...sealed.values()].reduce((sum, { entries }) => sum + entries.length, 0);
    return unsealed.length + inFlight;
  }

  /** Whether there is something to do though nobody calls: events to be decided, or courts to be asked what they were given. */
  get restless(): boolean {
    return this.#events > 0 || this.halted.length > 0;
  }

  find(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Why a fresh key of that court cannot be kept, or null. */
  full(court: number): string | null {
    const halted = this.#court(court).halted;
    if (halted !== null) return halted;
    const over =
      this.#events >= LIMITS.pendingEvents || this.#bytes + LIMITS.eventBytes > LIMITS.pendingBytes;
    return over ? "too many events are waiting to be agreed" : null;
  }

  reserve(submission: Submission): Entry {
    assert(!this.#entries.has(submission.key), "one entry per key");
    return this.restore(submission, this.#lastPlace + 1);
  }

  /** A kept event that no writ holds yet; places grow. The later of two under one key came when the first was lost, and answers for it. */
  restore(submission: Submission, place: number): Entry {
    assert(place > this.#lastPlace, "places are given in order");
    const entry = { ...submission, place, bytes: utf8Length(submission.event), settlement: null };
    this.#lastPlace = place;
    this.#events += 1;
    this.#bytes += entry.bytes;
    this.#entries.set(entry.key, entry);
    this.#court(entry.court).unsealed.push(entry);
    return entry;
  }

  /** A place that is taken, though not by anything that can be read. */
  skip(place: number): void {
    this.#lastPlace = Math.max(this.#lastPlace, place);
  }

  /** A writ sealed in an earlier life. HoldDamagedWrit: what does not make up what was sealed halts its court. */
  // Rule: HoldDamagedWrit.
  restoreWrit(row: WritRow, sealValid: (writ: Writ) => boolean, now: number): void {
    const { court, number, seal } = row;
    const book = this.#court(court);
    const inside = (entry: Entry): boolean => entry.place >= row.first && entry.place <= row.last;
    const entries = book.unsealed.filter(inside);
    const writ = {
      court,
      warden: this.#warden,
      number,
      events: entries.map(({ event }) => event),
      seal,
    };
    if (!sealValid(writ)) return this.halt(court, `writ ${number} of court ${court} is damaged`);
    book.unsealed = book.unsealed.filter((entry) => !inside(entry));
    book.sealed.set(number, { writ, entries, since: now });
    book.lastNumber = Math.max(book.lastNumber, number);
  }

  restoreNumber(court: number, { last, gaps }: Numbering): void {
    const book = this.#court(court);
    book.lastNumber = last;
    book.gaps = [...gaps];
  }

  /** Until it is found what was sealed nothing is sealed or reserved for a court: another writ under its number might be given out. */
  halt(court: number, reason: string): void {
    this.#court(court).halted ??= reason;
  }

  get halted(): number[] {
    return [...this.#courts].filter(([, { halted }]) => halted !== null).map(([court]) => court);
  }

  /** Numbers that are sealed and undecided. */
  sealedIn(court: number): ReadonlySet<number> {
    return new Set(this.#court(court).sealed.keys());
  }

  numbering(court: number): Numbering {
    const { lastNumber, gaps } = this.#court(court);
    return { last: lastNumber, gaps: [...gaps] };
  }

  /** RecoverEventFromWrit: a court goes on, with the writs that were asked back, and what is to be stored of it, its places given anew. */
  // Rule: RecoverEventFromWrit.
  recover(
    { court, last, writs, gaps }: Finding,
    now: number,
    submissionOf: (court: number, event: string) => Submission,
  ): Contents {
    const book = this.#court(court);
    for (const writ of writs) {
      const entries = writ.events.map(
        (event) => this.#waiting(book, event) ?? this.#anew(submissionOf(court, event)),
      );
      book.sealed.set(writ.number, { writ, entries, since: now });
    }
    book.lastNumber = last;
    book.gaps = gaps.filter((number) => !book.sealed.has(number));
    book.halted = null;
    this.#fill(book);
    const sealed = [...book.sealed.values()].toSorted((a, b) => a.writ.number - b.writ.number);
    const entries = [...sealed.flatMap((one) => one.entries), ...book.unsealed];
    for (const entry of entries) entry.place = ++this.#lastPlace;
    return { court, entries, sealed, ...this.numbering(court) };
  }

  /** What is in flight waits for the gap below it; where nothing else is there to fill it, an event of it does, twice under one key. */
  // Rule: SealAgainUnderSameNumber.
  #fill({ gaps, unsealed, sealed }: CourtBook): void {
    const [gap] = gaps;
    if (gap === undefined || unsealed.length > 0) return;
    const behind = [...sealed.values()].find(({ writ }) => writ.number > gap)?.entries[0];
    if (behind !== undefined) unsealed.push(this.#anew(behind));
  }

  #waiting(book: CourtBook, event: string): Entry | undefined {
    const waits = book.unsealed.find((entry) => entry.event === event);
    book.unsealed = book.unsealed.filter((entry) => entry !== waits);
    return waits;
  }

  /** Of an event whose row is lost. Its key may have been sent again meanwhile: who asked then has an entry of their own. */
  #anew(submission: Submission): Entry {
    const entry = {
      ...submission,
      place: 0,
      bytes: utf8Length(submission.event),
      settlement: null,
    };
    this.#events += 1;
    this.#bytes += entry.bytes;
    if (!this.#entries.has(entry.key)) this.#entries.set(entry.key, entry);
    return entry;
  }

  /** SealNextWrit: what the free slots of every court take. The writs must be durable before any leaves. */
  // Rule: SealNextWrit.
  seal(now: number): SealedWrit[] {
    const made: SealedWrit[] = [];
    for (const [court, book] of this.#courts) {
      if (book.halted !== null) continue;
      let count = nextWritLength(sizes(book.unsealed), book.sealed.size);
      while (count > 0) {
        made.push(this.#sealOne(court, book, count, now));
        count = nextWritLength(sizes(book.unsealed), book.sealed.size);
      }
    }
    return made;
  }

  #sealOne(court: number, book: CourtBook, count: number, now: number): SealedWrit {
    const entries = book.unsealed.slice(0, count);
    book.unsealed = book.unsealed.slice(count);
    const number = book.gaps.shift() ?? book.lastNumber + 1;
    const unsigned = {
      court,
      warden: this.#warden,
      number,
      events: entries.map(({ event }) => event),
    };
    const sealed = {
      writ: { ...unsigned, seal: this.#seal(writDigest(unsigned)) },
      entries,
      since: now,
    };
    book.lastNumber = Math.max(book.lastNumber, number);
    book.sealed.set(number, sealed);
    return sealed;
  }

  /** Frees the writ's slot. Null if it was settled before: two seats may both answer. */
  // Rule: ReleaseKeyTheSeatsRefuse.
  settle(
    court: number,
    number: number,
    settlements: readonly Settlement[],
    now: number,
  ): DecidedWrit | null {
    const book = this.#court(court);
    const sealed = book.sealed.get(number);
    if (sealed === undefined) return null;
    assert(settlements.length === sealed.entries.length, "one settlement per event");
    book.sealed.delete(number);
    sealed.entries.forEach((entry, index) => {
      entry.settlement = known(settlements[index], "one settlement per event");
      this.#events -= 1;
      this.#bytes -= entry.bytes;
      // The key is another event's: the next use of it goes to the seats again.
      if (entry.settlement.kind === "key-reused" && this.#entries.get(entry.key) === entry)
        this.#entries.delete(entry.key);
    });
    return { sealed, settledAt: now };
  }

  /** AdoptDecidedWrit: the court decided another writ of ours under this number. Its events settle those that are in both, the others wait again. */
  // Rule: AdoptDecidedWrit.
  settleAs(instead: Writ, settlements: readonly Settlement[], now: number): DecidedWrit | null {
    const { court, number } = instead;
    const book = this.#court(court);
    const sealed = book.sealed.get(number);
    if (sealed === undefined) return null;
    const cameTo = new Map(instead.events.map((event, at) => [event, settlements[at]]));
    const entries = sealed.entries.filter(({ event }) => cameTo.has(event));
    const returned = sealed.entries.filter(({ event }) => !cameTo.has(event));
    book.sealed.set(number, { ...sealed, entries });
    book.unsealed = [...returned, ...book.unsealed];
    const own = entries.map(({ event }) => known(cameTo.get(event), "an event of both writs"));
    const decided = this.settle(court, number, own, now);
    return decided === null ? null : { ...decided, returned };
  }

  /** Its settlement is stored: the tables answer for it from now on. */
  forget({ sealed }: DecidedWrit): void {
    for (const entry of sealed.entries) {
      if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    }
  }

  /** Writs to be driven, lowest number first in each court. */
  undecided(): SealedWrit[] {
    const writs: SealedWrit[] = [];
    for (const book of this.#courts.values()) {
      writs.push(...[...book.sealed.values()].toSorted((a, b) => a.writ.number - b.writ.number));
    }
    return writs;
  }

  /** Whether a slot is free for something that waits. */
  get sealable(): boolean {
    return [...this.#courts.values()].some(
      ({ halted, unsealed, sealed }) =>
        halted === null && unsealed.length > 0 && sealed.size < LIMITS.writsInFlight,
    );
  }

  /** Since when the oldest undecided writ of a court has been out, or null. */
  undecidedSince(court: number): number | null {
    const since = [...this.#court(court).sealed.values()].map((sealed) => sealed.since);
    return since.length === 0 ? null : Math.min(...since);
  }

  #court(court: number): CourtBook {
    const book = this.#courts.get(court) ?? {
      unsealed: [],
      sealed: new Map(),
      lastNumber: 0,
      gaps: [],
      halted: null,
    };
    this.#courts.set(court, book);
    return book;
  }
}

function* sizes(entries: readonly Entry[]): Iterable<number> {
  for (const { bytes } of entries) yield bytes;
}
