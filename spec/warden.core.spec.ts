/** The Warden's pure deciders: admission, sealing, expiry, and what is known of a court. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writDigest } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Submission } from "../objects/shared/rpc.ts";
import { admission } from "../objects/warden/core/admission.ts";
import type { AdmissionState } from "../objects/warden/core/admission.ts";
import { Book } from "../objects/warden/core/book.ts";
import type { Settlement } from "../objects/warden/core/settlement.ts";
import {
  bucketOf,
  bucketOver,
  bucketWidth,
  heldBySeats,
  nextAlarm,
} from "../objects/warden/core/expiry.ts";
import {
  courtOverloaded,
  knowledgeStale,
  openness,
  publishedHeight,
  seatView,
} from "../objects/warden/core/openness.ts";
import { nextWritLength } from "../objects/warden/core/sealing.ts";

const NOW = 1_800_000_000_000;
const WINDOW = 300_000;

const state = (changed: Partial<AdmissionState> = {}): AdmissionState => ({
  known: null,
  now: NOW,
  windowMs: WINDOW,
  courtOpen: true,
  overloaded: false,
  mayHaveLost: false,
  ...changed,
});
const fresh = { fingerprint: "f", sentAt: NOW };

describe("admission", () => {
  it("ReplaySettledOutcome: a settled key with the same event, however late and whatever the court does", () => {
    const known = { status: "settled", fingerprint: "f" } as const;
    const closed = state({ known, courtOpen: false, overloaded: true });
    expect(admission({ fingerprint: "f", sentAt: 0 }, closed)).toBe("replay");
  });

  it("JoinPendingKey: a pending key with the same event", () => {
    const known = { status: "pending", fingerprint: "f" } as const;
    expect(admission(fresh, state({ known, courtOpen: false }))).toBe("join");
  });

  it.each(["pending", "settled"] as const)(
    "RefuseReusedKey: a %s key with another event",
    (status) => {
      const known = { status, fingerprint: "other" };
      expect(admission({ fingerprint: "f", sentAt: 0 }, state({ known, courtOpen: false }))).toBe(
        "key-reused",
      );
    },
  );

  it("RefuseLateRetry: an unknown key is late one millisecond past the window, before the court matters", () => {
    const closed = state({ courtOpen: false });
    expect(admission({ fingerprint: "f", sentAt: NOW - WINDOW - 1 }, closed)).toBe("too-old");
    expect(admission({ fingerprint: "f", sentAt: NOW - WINDOW }, state())).toBe("reserve");
    expect(admission({ fingerprint: "f", sentAt: null }, state())).toBe("reserve");
  });

  it("RefuseWithoutQuorum: before overload is looked at", () => {
    expect(admission(fresh, state({ courtOpen: false, overloaded: true }))).toBe("no-quorum");
  });

  it("RefuseOverload: an open court with no room", () => {
    expect(admission(fresh, state({ overloaded: true }))).toBe("overloaded");
  });

  it("ReserveFreshKey: everything else", () => {
    expect(admission(fresh, state())).toBe("reserve");
  });

  it("AskAgainForDamagedAnswer: pending again while the seats hold its key, late or not; too old afterwards", () => {
    const late = { fingerprint: "f", sentAt: 0 };
    expect(admission(late, state({ known: { status: "damaged", heldBySeats: true } }))).toBe(
      "reserve",
    );
    expect(admission(fresh, state({ known: { status: "damaged", heldBySeats: false } }))).toBe(
      "too-old",
    );
  });

  it("AnswerPendingInDoubt: an unknown key while the damaged row may be its own, before anything could refuse it", () => {
    const doubtful = state({ mayHaveLost: true, courtOpen: false, overloaded: true });
    expect(admission({ fingerprint: "f", sentAt: 0 }, doubtful)).toBe("pending");
    const known = { status: "damaged", heldBySeats: false } as const;
    expect(admission(fresh, { ...doubtful, known })).toBe("too-old");
  });
});

describe("sealing", () => {
  it("SealNextWrit: nothing while the slots are taken, else as many as fit in bytes and events", () => {
    expect(nextWritLength([10, 10], LIMITS.writsInFlight)).toBe(0);
    expect(nextWritLength([], 0)).toBe(0);
    expect(nextWritLength([10, 10], LIMITS.writsInFlight - 1)).toBe(2);
    expect(
      nextWritLength(
        Array.from({ length: 5000 }, () => 1),
        0,
      ),
    ).toBe(LIMITS.writEvents);
    const half = LIMITS.writBytes / 2;
    expect(nextWritLength([half, half, 1], 0)).toBe(2);
  });

  it("SealNextWrit, WritNumbersDistinct, WritsInFlightBounded, OrderOfSource: everything waiting is sealed once, in order, within the limits, as slots come free", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: LIMITS.eventBytes }), { maxLength: 300 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const book = new Book(0, (digest) => digest);
        lengths.forEach((length, index) => book.reserve(submission(index, length)));
        const writs = [];
        for (let made = book.seal(NOW); made.length > 0; made = book.seal(NOW)) {
          expect(made.length).toBeLessThanOrEqual(LIMITS.writsInFlight);
          for (const sealed of made) {
            writs.push(sealed.writ);
            book.settle(0, sealed.writ.number, sealed.entries.map(settled), NOW);
          }
        }
        expect(writs.flatMap(({ events }) => events)).toEqual(
          lengths.map((length, index) => event(index, length)),
        );
        expect(writs.map(({ number }) => number)).toEqual(writs.map((_, index) => index + 1));
        for (const { events } of writs) {
          expect(events.length).toBeLessThanOrEqual(LIMITS.writEvents);
          expect(events.reduce((sum, text) => sum + text.length, 0)).toBeLessThanOrEqual(
            LIMITS.writBytes,
          );
        }
        expect(book.pending).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("SealNextWrit: what arrives while both slots are taken forms the next writ", () => {
    const book = new Book(3, (digest) => digest);
    book.reserve(submission(0));
    const [first] = book.seal(NOW);
    book.reserve(submission(1));
    expect(book.seal(NOW)).toHaveLength(1);
    book.reserve(submission(2));
    book.reserve(submission(3));
    expect(book.seal(NOW)).toHaveLength(0);
    book.settle(0, first?.writ.number ?? 0, [settled()], NOW);
    const [third] = book.seal(NOW);
    expect(third?.writ).toMatchObject({ warden: 3, number: 3, events: [event(2), event(3)] });
    expect(third?.writ.seal).toBe(third && writDigest(third.writ));
  });
});

const event = (index: number, length = 8): string =>
  String(index).padStart(length, "0").slice(0, Math.max(length, 8));
const submission = (index: number, length = 8): Submission => ({
  key: `key-${index}`,
  fingerprint: `print-${index}`,
  court: 0,
  sentAt: null,
  event: event(index, length),
});
const settled = (): Settlement => ({ kind: "settled", body: "{}", height: 1, replayed: false });

describe("the book", () => {
  const sealedBook = (): { book: Book; row: Parameters<Book["restoreWrit"]>[0] } => {
    const book = new Book(0, (digest) => digest);
    for (let index = 0; index < 3; index++) book.restore(submission(index), index + 1);
    return { book, row: { court: 0, number: 7, first: 1, last: 2, seal: "seal" } };
  };

  it("RedriveSameWrit: a restored writ is the same bytes under the same number, and the next one follows it", () => {
    const { book, row } = sealedBook();
    book.restoreNumber(0, { last: 7, gaps: [] });
    book.restoreWrit(row, () => true, NOW);
    const writ = { court: 0, warden: 0, number: 7, events: [event(0), event(1)], seal: "seal" };
    expect(book.undecided().map((sealed) => sealed.writ)).toEqual([writ]);
    expect(book.seal(NOW)[0]?.writ).toMatchObject({ number: 8, events: [event(2)] });
  });

  it("HoldDamagedWrit: neither sent nor sealed anew; its court takes nothing fresh, its keys can be joined", () => {
    const { book, row } = sealedBook();
    book.restoreWrit(row, () => false, NOW);
    expect(book.undecided()).toEqual([]);
    expect(book.seal(NOW)).toEqual([]);
    expect(book.sealable).toBe(false);
    expect(book.full(0)).toContain("damaged");
    expect(book.full(1)).toBeNull();
    expect(book.find("key-0")).toBeDefined();
  });

  it("RecoverEventFromWrit: of a key that was used again meanwhile both events outlast this life, and the later use answers", () => {
    const book = new Book(0, (digest) => digest);
    const again = { ...submission(1), key: "key-0" };
    book.reserve(again);
    const lost = { court: 0, warden: 0, number: 1, events: [event(0)], seal: "" };
    const kept = book.recover({ court: 0, last: 1, writs: [lost], gaps: [] }, NOW, () =>
      submission(0),
    );
    expect(book.find("key-0")?.event).toBe(again.event);
    const next = new Book(0, (digest) => digest);
    for (const entry of kept.entries) next.restore(entry, entry.place);
    expect(next.pending).toBe(2);
    expect(next.find("key-0")?.event).toBe(again.event);
  });

  it("AskWritBack: while it is not known what was sealed the Warden is woken, though nothing that can be read is pending", () => {
    const book = new Book(0, (digest) => digest);
    expect(book.restless).toBe(false);
    book.halt(0, "a writ of court 0 is damaged");
    expect(book.restless).toBe(true);
    book.recover({ court: 0, last: 1, writs: [], gaps: [] }, NOW, () => submission(0));
    expect(book.restless).toBe(false);
    book.reserve(submission(1));
    expect(book.restless).toBe(true);
  });

  it("SealAgainUnderSameNumber: a number that nobody was given is sealed by whatever life has something to seal", () => {
    const book = new Book(0, (digest) => digest);
    const kept = book.recover({ court: 0, last: 7, writs: [], gaps: [6, 7] }, NOW, () =>
      submission(0),
    );
    expect(book.numbering(0)).toEqual({ last: 7, gaps: [6, 7] });
    const next = new Book(0, (digest) => digest);
    next.restoreNumber(0, kept);
    next.reserve(submission(1));
    expect(next.seal(NOW)[0]?.writ.number).toBe(6);
    expect(next.numbering(0)).toEqual({ last: 7, gaps: [7] });
  });

  it("SealAgainUnderSameNumber: where nothing else waits, an event of the writ behind the gap fills it, and both outlast a life", () => {
    const book = new Book(0, (digest) => digest);
    book.restoreNumber(0, { last: 2, gaps: [] });
    book.restore(submission(5), 5);
    book.restoreWrit({ court: 0, number: 2, first: 5, last: 5, seal: "seal" }, () => true, NOW);
    const kept = book.recover({ court: 0, last: 2, writs: [], gaps: [1] }, NOW, () =>
      submission(0),
    );
    expect(kept.entries.map(({ key }) => key)).toEqual(["key-5", "key-5"]);
    const [filled] = book.seal(NOW);
    expect(filled?.writ).toMatchObject({ number: 1, events: [event(5)] });
    const asked = book.find("key-5");
    book.settle(0, 1, [settled()], NOW);
    expect([asked?.settlement, book.pending]).toEqual([null, 1]);
    book.settle(0, 2, [settled()], NOW);
    expect([asked?.settlement, book.pending]).toEqual([settled(), 0]);
  });

  it("ReleaseKeyTheSeatsRefuse: a key that is another event's is unknown again, its callers are answered", () => {
    const book = new Book(0, (digest) => digest);
    const entry = book.reserve(submission(0));
    book.seal(NOW);
    book.settle(0, 1, [{ kind: "key-reused" }], NOW);
    expect(entry.settlement).toEqual({ kind: "key-reused" });
    expect(book.find("key-0")).toBeUndefined();
    const again = book.reserve(submission(0));
    expect(again).not.toBe(entry);
  });

  it("settles a writ once, though two seats answer", () => {
    const book = new Book(0, (digest) => digest);
    book.reserve(submission(0));
    book.seal(NOW);
    expect(book.settle(0, 1, [settled()], NOW)).not.toBeNull();
    expect(book.settle(0, 1, [settled()], NOW)).toBeNull();
  });

  it("RefuseOverload: full at its bound of events, and of bytes", () => {
    const book = new Book(0, (digest) => digest);
    for (let index = 0; index < LIMITS.pendingEvents; index++) book.reserve(submission(index));
    expect(book.full(0)).not.toBeNull();
    const heavy = new Book(0, (digest) => digest);
    const most = Math.floor(LIMITS.pendingBytes / LIMITS.eventBytes);
    for (let index = 0; index < most; index++) heavy.reserve(submission(index, LIMITS.eventBytes));
    expect(heavy.full(0)).not.toBeNull();
  });
});

describe("expiry", () => {
  const published = (): number => 10;

  it("ExpireSettledEntry: only past max(settled, sent) + window + clock bound, and by less than two widths more", () => {
    const ahead = fc.integer({ min: -WINDOW, max: LIMITS.clockBoundMs });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * WINDOW }), fc.option(ahead), (offset, sent) => {
        const settledAt = NOW + offset;
        const sentAt = sent === null ? null : settledAt + sent;
        const earliest = Math.max(settledAt, sentAt ?? 0) + WINDOW + LIMITS.clockBoundMs;
        const ends = bucketOf(settledAt, sentAt, WINDOW);
        expect(ends).toBeGreaterThanOrEqual(earliest);
        expect(ends - earliest).toBeLessThan(bucketWidth(WINDOW));
        expect(ends % bucketWidth(WINDOW)).toBe(0);
      }),
    );
  });

  it("ExpireSettledEntry: a sender's clock far ahead does not keep it for ever", () => {
    const latest = NOW + WINDOW + 2 * LIMITS.clockBoundMs + bucketWidth(WINDOW);
    expect(bucketOf(NOW, Number.MAX_SAFE_INTEGER, WINDOW)).toBeLessThanOrEqual(latest);
  });

  it("ExpireSettledEntry: never before all of its courts published it", () => {
    const bucket = { ends: NOW, heights: new Map([[0, 10]]) };
    expect(bucketOver(bucket, NOW - 1, published)).toBe(false);
    expect(bucketOver(bucket, NOW, published)).toBe(true);
    const unpublished = new Map([
      [0, 10],
      [1, 11],
    ]);
    expect(bucketOver({ ends: NOW, heights: unpublished }, NOW, published)).toBe(false);
  });

  it("AskAgainForDamagedAnswer: the seats are asked only while they hold every key of the bucket", () => {
    const ends = bucketOf(NOW, null, WINDOW);
    expect(heldBySeats(ends, NOW, WINDOW)).toBe(true);
    expect(heldBySeats(ends, NOW + WINDOW + LIMITS.clockBoundMs, WINDOW)).toBe(false);
    expect(
      heldBySeats(bucketOf(NOW, NOW + LIMITS.clockBoundMs, WINDOW), NOW + WINDOW + 1, WINDOW),
    ).toBe(false);
  });

  it("wakes soon while anything is pending, else when a bucket ends, else never", () => {
    expect(nextAlarm(NOW, true, [])).toBe(NOW + LIMITS.alarmMs);
    expect(nextAlarm(NOW, false, [NOW + 2 * WINDOW, NOW + WINDOW])).toBe(NOW + WINDOW);
    expect(nextAlarm(NOW, false, [NOW - 1])).toBe(NOW + LIMITS.clockBoundMs);
    expect(nextAlarm(NOW, false, [])).toBeNull();
  });
});

describe("what is known of a court", () => {
  const views = fc.array(fc.constantFrom("ready", "waking", "lost"), {
    minLength: 4,
    maxLength: 4,
  });

  it("RefuseWithoutQuorum: open with q ready, waited for while q can be, else refused at once", () => {
    expect(openness(["ready", "ready", "ready", "lost"], 3)).toBe("open");
    expect(openness(["ready", "waking", "ready", "lost"], 3)).toBe("wait");
    expect(openness(["ready", "ready", "lost", "lost"], 3)).toBe("no-quorum");
    fc.assert(
      fc.property(views, (seats) => {
        const ready = seats.filter((view) => view === "ready").length;
        const lost = seats.filter((view) => view === "lost").length;
        expect(openness(seats, 3) === "open").toBe(ready >= 3);
        expect(openness(seats, 3) === "no-quorum").toBe(lost > 1);
      }),
    );
  });

  it("a quarantined seat is lost, one that starts is waited for", () => {
    expect(seatView({ ready: false, stage: "quarantined" })).toBe("lost");
    expect(seatView({ ready: false, stage: "starting" })).toBe("waking");
    expect(seatView({ ready: true, stage: "ready" })).toBe("ready");
  });

  it("goes stale with time, and at once when a writ is overdue", () => {
    const at = { decidedAt: NOW, foundOpenAt: null, undecidedSince: null };
    expect(knowledgeStale(at, NOW + LIMITS.courtKnownMs)).toBe(false);
    expect(knowledgeStale(at, NOW + LIMITS.courtKnownMs + 1)).toBe(true);
    const overdue = { ...at, undecidedSince: NOW - LIMITS.writSilenceMs - 1 };
    expect(knowledgeStale(overdue, NOW)).toBe(true);
    expect(knowledgeStale({ ...overdue, foundOpenAt: NOW }, NOW)).toBe(false);
    expect(knowledgeStale({ decidedAt: null, foundOpenAt: null, undecidedSince: null }, NOW)).toBe(
      true,
    );
  });

  it("RefuseOverload: when more seats say so than may lie", () => {
    expect(courtOverloaded([true, false, false, false], 1)).toBe(false);
    expect(courtOverloaded([true, false, true, false], 1)).toBe(true);
  });

  it("ExpireSettledEntry: one seat's word does not make a height published", () => {
    expect(publishedHeight([Number.MAX_SAFE_INTEGER, 5, 4, 0], 2)).toBe(5);
    expect(publishedHeight([], 2)).toBe(0);
  });
});
