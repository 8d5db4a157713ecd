/** The Warden's work: decide what arrives, keep it, drive it, answer it. One turn is one decision and one transaction. */
import { known } from "../shared/assert.ts";
import type { Deployment } from "../shared/config.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Verify } from "../shared/node/crypto.ts";
import { Refused } from "../shared/rpc.ts";
import { TermBook } from "../shared/term-book.ts";
import { lastTerm } from "../shared/terms.ts";
import type { Submission, WardenAnswer } from "../shared/rpc.ts";
import type { Writ } from "../shared/types.ts";
import { sealValid } from "../shared/verify.ts";
import type { Alarm } from "./alarm.ts";
import { admission } from "./core/admission.ts";
import type { Book, DecidedWrit, Entry, SealedWrit } from "./core/book.ts";
import { Crowding } from "./crowding.ts";
import { bucketOver, nextAlarm } from "./core/expiry.ts";
import { heldIn } from "./core/held.ts";
import type { Doubt, Finding } from "./core/held.ts";
import { Drive } from "./drive.ts";
import { within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";
import type { Court } from "./ports.ts";
import { answeredTo, keptState, replayOf } from "./kept.ts";
import type { Keeping } from "./kept.ts";
import { answerOf } from "./lookup.ts";
import type { Decision } from "./lookup.ts";
import { askedBack, submissionOf } from "./recovery.ts";
import type { Answered, Store } from "./store.ts";
import { Waiting } from "./waiting.ts";
import { Watch } from "./watch.ts";

export interface DeskPorts {
  readonly deployment: Deployment;
  readonly storage: DurableObjectStorage;
  readonly store: Store;
  readonly book: Book;
  readonly alarm: Alarm;
  /** Courts of which it is to be found what was sealed. */
  readonly doubts: readonly Doubt[];
  readonly clock: Clock;
  readonly verify: Verify;
  readonly court: (court: number) => Court;
  /** Who it is, and the public key it seals with. */
  readonly holder: { readonly warden: number; readonly publicKey: string };
  /** An answer of a seat was dropped; `count` of its court so far in this life. */
  readonly unproven: (court: number, seat: number, reason: string, count: number) => void;
  /** Ends this life of the object: its memory can no longer be trusted. */
  readonly stop: (error: unknown) => void;
}

/** One call's submissions, waiting for the next turn. */
interface Job {
  readonly submissions: readonly Submission[];
  /** Whether each court that was asked can agree. */
  readonly open: ReadonlyMap<number, boolean>;
  /** When it came, Unix milliseconds. */
  readonly came: number;
  readonly decided: (decisions: Decision[]) => void;
}

/** What is known as a call's submissions are decided. */
interface Given {
  readonly open: Job["open"];
  /** By court, why nothing fresh of the call is kept. */
  readonly full: ReadonlyMap<number, string | null>;
  readonly answered: Map<string, Answered>;
  /** What is kept of it. */
  readonly reserved: Entry[];
}

/** One court, as the desk reaches it. */
interface Contact {
  readonly watch: Watch;
  readonly drive: Drive;
}

const PENDING: Decision = { answer: { kind: "pending" } };
const LOST_KEY = "this Warden has lost its storage, and its key with it: have it re-admitted";

export class Desk {
  readonly #ports: DeskPorts;
  readonly #keeping: Keeping;
  readonly #waiting: Waiting;
  readonly #terms: TermBook;
  readonly #crowding: Crowding;
  readonly #contacts = new Map<number, Contact>();
  readonly #jobs: Job[] = [];
  readonly #decided: DecidedWrit[] = [];
  readonly #findings: Finding[] = [];
  #turning = false;

  /** Starts driving what an earlier life left undecided. */
  constructor(ports: DeskPorts, genesis: Genesis) {
    this.#ports = ports;
    this.#keeping = { ...ports, windowMs: ports.deployment.windowMs };
    this.#waiting = new Waiting(ports.clock);
    const { quorum, queueMs } = ports.deployment;
    this.#crowding = new Crowding(queueMs);
    this.#terms = new TermBook(genesis.document, quorum, ports.verify);
    for (let court = 0; court < ports.deployment.courts; court++) {
      this.#contacts.set(court, this.#contact(court));
    }
    for (const { writ } of ports.book.undecided())
      void this.#contactOf(writ.court).drive.drive(writ);
    for (const doubt of ports.doubts) void this.#recover(doubt).catch(ports.stop);
    if (ports.book.sealable) this.#wake();
  }

  /** What a court was given is asked of its seats; until then it takes nothing. */
  async #recover(doubt: Doubt): Promise<void> {
    const { deployment, clock, book, store, holder } = this.#ports;
    const { court, lost } = doubt;
    const missing = ({ events }: Writ): boolean => {
      const keys = events.map((event) => submissionOf(court, event).key);
      return (
        keys.some((key) => book.find(key) !== undefined) ||
        (lost && store.answered(keys).size < keys.length)
      );
    };
    const finding = await askedBack(this.#ports.court(court), clock, doubt, {
      warden: holder.warden,
      quorum: deployment.quorum,
      ours: (writ) => this.#ours(writ),
      sealed: () => book.sealedIn(court),
      missing,
    });
    this.#findings.push(finding);
    this.#wake();
  }

  #ours(writ: Writ): boolean {
    return sealValid(writ, this.#ports.holder.publicKey, this.#ports.verify);
  }

  #contact(court: number): Contact {
    const { deployment, clock, verify, unproven, holder } = this.#ports;
    const seats = this.#ports.court(court);
    const { n, q } = deployment.quorum;
    const keys = { court, terms: () => this.#terms.of(court), n, q, verify };
    const drive = new Drive(seats, keys, clock, {
      terms: (text) => this.#terms.read(court, text),
      decided: (writ, settlements) =>
        this.#settle(writ.court, (book, now) =>
          book.settle(writ.court, writ.number, settlements, now),
        ),
      decidedInstead: (writ, settlements) =>
        this.#settle(writ.court, (book, now) => book.settleAs(writ, settlements, now)),
      ours: (text) =>
        heldIn(text, { court, warden: holder.warden, ours: (writ) => this.#ours(writ) })?.writs ??
        [],
      unproven: (seat, reason, count) => unproven(court, seat, reason, count),
    });
    return { drive, watch: new Watch(seats, deployment.quorum, clock) };
  }

  /** Answers in order, with whatever is settled by `until` (Unix milliseconds). */
  async admit(submissions: readonly Submission[], until: number): Promise<WardenAnswer[]> {
    const { clock } = this.#ports;
    const open = await this.#opened(submissions, until);
    const came = clock.now();
    const decisions = await new Promise<Decision[]>((decided) => {
      this.#jobs.push({ submissions, open, came, decided });
      this.#wake();
    });
    const entries = decisions.flatMap((decision) => ("entry" in decision ? [decision.entry] : []));
    await this.#waiting.wait(entries, until - clock.now());
    return decisions.map(answerOf);
  }

  /** Drops the buckets that are over; says when to come back. */
  async upkeep(): Promise<number | null> {
    const { store, book, clock } = this.#ports;
    const over = store.bucketsUntil(clock.now());
    const courts = new Set(over.flatMap(({ heights }) => [...heights.keys()]));
    await Promise.all([...courts].map((court) => this.#contactOf(court).watch.refresh()));
    const published = (court: number): number => this.#contactOf(court).watch.published;
    for (const bucket of over) {
      if (bucketOver(bucket, clock.now(), published)) store.dropBucket(bucket.ends);
    }
    return nextAlarm(clock.now(), book.restless, store.ends);
  }

  /** Asks the courts in which something fresh may be reserved; a known key is answered whether or not its court is open. */
  async #opened(submissions: readonly Submission[], until: number): Promise<Map<number, boolean>> {
    const { clock } = this.#ports;
    const courts = new Set(submissions.map(({ court }) => court));
    const surelyOpen = [...courts].every((court) =>
      this.#contactOf(court).watch.surelyOpen(this.#since(court)),
    );
    const asked = surelyOpen ? courts : this.#freshCourts(submissions);
    const open = new Map<number, boolean>();
    await Promise.all(
      [...asked].map(async (court) => {
        const opened = this.#contactOf(court).watch.opened(this.#since(court));
        const left = Math.max(until - clock.now(), LIMITS.statusMs);
        open.set(
          court,
          ((await within(clock, left, opened)) ?? false) && (await this.#seals(court)),
        );
      }),
    );
    return open;
  }

  /** Whether a court takes what this Warden seals (RefuseUnrecognisedWarden): one that lost its storage has a key that nobody knows until it is re-admitted. */
  // Rule: RefuseUnrecognisedWarden.
  #holdsKey(court: number): boolean {
    const { warden, publicKey } = this.#ports.holder;
    return lastTerm(this.#terms.of(court)).wardenKeys[warden] === publicKey;
  }

  /** The same, asking the court's seats where it is not so as far as is known. */
  async #seals(court: number): Promise<boolean> {
    if (this.#holdsKey(court)) return true;
    const { deployment, clock } = this.#ports;
    const seats = this.#ports.court(court);
    const asked = Array.from({ length: deployment.quorum.n }, async (_, seat) => {
      const shown = await within(clock, LIMITS.statusMs, seats.terms(seat));
      if (shown !== undefined) this.#terms.read(court, shown);
    });
    await Promise.all(asked);
    return this.#holdsKey(court);
  }

  #freshCourts(submissions: readonly Submission[]): Set<number> {
    const answered = answeredTo(this.#keeping, submissions);
    const now = this.#ports.clock.now();
    const fresh = submissions.filter((submission) => {
      const state = {
        ...keptState(this.#keeping, submission, answered, now),
        courtOpen: true,
        overloaded: false,
        mayHaveLost: false,
      };
      return admission(submission, state) === "reserve";
    });
    return new Set(fresh.map(({ court }) => court));
  }

  /** Takes turns while there is something to write: calls that arrive while one is being stored share the next. */
  #wake(): void {
    if (this.#turning) return;
    this.#turning = true;
    // Not at once: answers that are ready leave first, and the output gate would hold them until the write is stored.
    this.#ports.clock.after(0, () => {
      void this.#turns().catch(this.#ports.stop);
    });
  }

  async #turns(): Promise<void> {
    const { book } = this.#ports;
    const waits = () => this.#jobs.length + this.#decided.length + this.#findings.length > 0;
    while (waits() || book.sealable) {
      this.#turn();
      await this.#ports.storage.sync();
    }
    this.#turning = false;
  }

  #turn(): void {
    const { storage, store, book, alarm, clock } = this.#ports;
    const decided = this.#decided.splice(0);
    const findings = this.#findings.splice(0);
    const jobs = this.#takeJobs();
    const decisions: Decision[][] = [];
    let sealed: SealedWrit[] = [];
    storage.transactionSync(() => {
      for (const writ of decided) store.settled(writ);
      for (const finding of findings)
        store.rewrite(book.recover(finding, clock.now(), submissionOf));
      if (findings.length > 0 && book.halted.length === 0) store.dropDamaged();
      const reserved: Entry[] = [];
      const answered = answeredTo(
        this.#keeping,
        jobs.flatMap(({ submissions }) => submissions),
      );
      for (const job of jobs) decisions.push(this.#decideAll(job, answered, reserved));
      store.reserve(reserved);
      sealed = book.seal(clock.now());
      for (const one of sealed) store.sealed(one, book.numbering(one.writ.court));
      const wakeAt = nextAlarm(clock.now(), book.restless, store.ends);
      if (wakeAt !== null) alarm.arm(wakeAt);
    });
    for (const writ of decided) book.forget(writ);
    const given = [...findings.flatMap(({ writs }) => writs), ...sealed.map(({ writ }) => writ)];
    for (const writ of given) void this.#contactOf(writ.court).drive.drive(writ);
    jobs.forEach((job, index) => job.decided(decisions[index] ?? []));
  }

  #takeJobs(): Job[] {
    let events = 0;
    const later = this.#jobs.findIndex(({ submissions }) => {
      events += submissions.length;
      return events > LIMITS.eventsPerTurn;
    });
    // The first goes whatever its size: the Usher bounds a request.
    return this.#jobs.splice(0, later === -1 ? this.#jobs.length : Math.max(later, 1));
  }

  /** Where a queue stands all fresh events of a call and court are kept, or none is. */
  #decideAll(
    { submissions, open, came }: Job,
    answered: Map<string, Answered>,
    reserved: Entry[],
  ): Decision[] {
    const { book, clock } = this.#ports;
    const now = clock.now();
    const courts = new Set(submissions.map(({ court }) => court));
    const full = new Map([...courts].map((court) => [court, this.#full(court, now)]));
    const fresh: Entry[] = [];
    const decisions = submissions.map((submission) =>
      this.#decide(submission, { open, full, answered, reserved: fresh }),
    );
    this.#crowding.came(fresh, came, (court) => book.pendingIn(court));
    reserved.push(...fresh);
    return decisions;
  }

  #full(court: number, now: number): string | null {
    if (this.#contactOf(court).watch.overloaded) return "the court has much to publish";
    const crowded = this.#crowding.full(court, this.#ports.book.pendingIn(court), now);
    return crowded ? "events wait longer than they should to be agreed" : null;
  }

  #decide(submission: Submission, given: Given): Decision {
    const { open, answered, reserved } = given;
    const { book, store } = this.#ports;
    const { watch } = this.#contactOf(submission.court);
    const full = book.full(submission.court) ?? given.full.get(submission.court) ?? null;
    const holds = this.#holdsKey(submission.court);
    const courtOpen =
      holds && (open.get(submission.court) ?? watch.surelyOpen(this.#since(submission.court)));
    const verdict = admission(submission, {
      ...keptState(this.#keeping, submission, answered, this.#ports.clock.now()),
      courtOpen,
      overloaded: full !== null,
    });
    switch (verdict) {
      case "pending":
        return PENDING;
      case "replay":
        return { answer: replayOf(this.#keeping, submission.key, answered) };
      case "join":
        return {
          entry: known(book.find(submission.key), "a pending key has its entry"),
          joined: true,
        };
      case "no-quorum":
        return { answer: { kind: verdict, detail: holds ? watch.detail : LOST_KEY } };
      case "overloaded":
        this.#crowding.refused(submission.court, this.#ports.clock.now());
        return { answer: { kind: verdict, detail: full ?? "" } };
      case "key-reused":
      case "too-old":
        return { answer: { kind: verdict } };
      case "reserve": {
        const damaged = answered.get(submission.key);
        if (damaged !== undefined && !damaged.intact)
          store.dropAnswered(submission.key, damaged.ends);
        const entry = book.reserve(submission);
        reserved.push(entry);
        return { entry, joined: false };
      }
    }
  }

  /** Callers first; the write comes with a later turn. Losing it is harmless: the re-driven writ is answered alike. */
  #settle(court: number, settle: (book: Book, now: number) => DecidedWrit | null): void {
    try {
      const decided = settle(this.#ports.book, this.#ports.clock.now());
      if (decided === null) return;
      this.#contactOf(court).watch.decided();
      this.#crowding.decided(court, decided.sealed.entries, decided.settledAt);
      this.#waiting.settled(decided.sealed.entries);
      this.#decided.push(decided);
      this.#wake();
    } catch (error) {
      this.#ports.stop(error);
    }
  }

  #since(court: number): number | null {
    return this.#ports.book.undecidedSince(court);
  }

  #contactOf(court: number): Contact {
    const contact = this.#contacts.get(court);
    if (contact === undefined) throw new Refused("misconfigured", `there is no court ${court}`);
    return contact;
  }
}
