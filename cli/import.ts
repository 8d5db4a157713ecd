// A file of rows becomes events, each of which has its effect once, however often the import is interrupted and run again.
import { canonical } from "../objects/shared/canonical.ts";
import { AssizeError } from "../client/index.ts";
import type { AssizeClient, EventDocument, Outcome } from "../client/index.ts";
import { EXIT, exitOf } from "./exit.ts";
import { digestOf, keyOf } from "./journal.ts";
import type { Journal, Key, Known } from "./journal.ts";
import { BadRow } from "./mapping.ts";
import type { MappedEvent } from "./mapping.ts";
import { Unparsable } from "./rows.ts";
import type { Row } from "./rows.ts";
import type { Tally } from "./tally.ts";

export interface Work {
  readonly client: AssizeClient;
  readonly journal: Journal;
  readonly tally: Tally;
  readonly rows: AsyncIterable<Row>;
  /** Throws `BadRow`. */
  readonly mapped: (row: Extract<Row, { readonly fields: object }>) => MappedEvent;
  /** Rows that are noted with one write to the disk, and sent together. */
  readonly chunk: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** After every row. */
  readonly advanced: () => void;
}

interface Ready {
  readonly line: number;
  readonly event: MappedEvent & { readonly id: string; readonly source: string };
  readonly print: string;
  readonly known: Known | undefined;
}

export class Import {
  readonly #work: Work;
  /** How many rows say the same, and which has an id that was given. */
  readonly #seen = new Map<string, number>();
  readonly #given = new Map<string, { readonly line: number; readonly print: string }>();
  readonly #open = new Set<Promise<void>>();
  /** Why reading ended early: every further row would have met the same. */
  stopped: Error | null = null;
  /** The file could not be read to its end. */
  unparsable = false;

  constructor(work: Work) {
    this.#work = work;
  }

  async run(): Promise<void> {
    let chunk: Ready[] = [];
    for await (const row of this.#rows()) {
      const ready = this.#ready(row);
      if (ready !== null) chunk.push(ready);
      if (chunk.length < this.#work.chunk) continue;
      await this.#send(chunk);
      chunk = [];
      if (this.#isOver()) break;
    }
    await this.#send(chunk);
    await this.#work.client.flush();
    await Promise.all(this.#open);
  }

  #isOver(): boolean {
    return this.stopped !== null || this.#work.signal.aborted;
  }

  /** Whatever ends it, what is under way is waited for. */
  async *#rows(): AsyncGenerator<Row, void> {
    try {
      yield* this.#work.rows;
    } catch (error) {
      if (this.#work.signal.aborted) return;
      if (error instanceof Unparsable) this.#breakOff(error);
      else this.stopped ??= errorIn(error);
    }
  }

  #breakOff({ line, message }: Unparsable): void {
    this.unparsable = true;
    const said = `${message}; nothing behind it was read`;
    this.#work.tally.complain({ line, code: "bad-row", message: said });
  }

  /** Null for what is over already. */
  #ready(row: Row): Ready | null {
    const { tally, mapped, advanced } = this.#work;
    tally.rows += 1;
    try {
      if (row.fields === null) throw new BadRow(row.wrong);
      const { source = "/", ...event } = mapped(row);
      const print = digestOf(canonical({ ...event, source, id: null }));
      const id = event.id ?? this.#drawn(print);
      if (event.id !== undefined) this.#apart({ id, source }, print, row.line);
      const ready = this.#unsettled({ ...event, id, source }, print, row.line);
      if (ready !== null) return ready;
    } catch (error) {
      const { message } = error as Error;
      tally.refused += 1;
      tally.complain({ line: row.line, code: "bad-row", message });
    }
    advanced();
    return null;
  }

  /** Throws `BadRow` where an earlier row of this run has the id, and says something else. */
  #apart(key: Key, print: string, line: number): void {
    const before = this.#given.get(keyOf(key));
    if (before === undefined) this.#given.set(keyOf(key), { line, print });
    else if (before.print !== print)
      throw new BadRow(
        `the id ${key.id} was given to a row of other content before, on line ${before.line}: give this one another`,
      );
  }

  // Rules: TakeUpNotedRow, SubmitCorrectedRow, RefuseOtherRow.
  #unsettled(event: Ready["event"], print: string, line: number): Ready | null {
    const known = this.#work.journal.known(event);
    if (known === undefined) return { line, event, print, known };
    const isOpen = known.status === null || known.status === "refused";
    if (known.print === print && isOpen) return { line, event, print, known };
    if (known.print === print) this.#skip(line, known);
    else if (known.status === "refused") return { line, event, print, known: undefined };
    else throw new BadRow(`the id ${event.id} ${otherSentence(known)}`);
    return null;
  }

  // Rule: RefuseRowWithoutId.
  #drawn(print: string): string {
    if (!this.#work.journal.keeps) throw new BadRow("it has no id: give --id, or --state FILE");
    const at = (this.#seen.get(print) ?? 0) + 1;
    this.#seen.set(print, at);
    return this.#work.journal.drawn(print, at);
  }

  // Rule: SkipSettledRow.
  #skip(line: number, { id, status, reason }: Known): void {
    const { tally } = this.#work;
    tally.skipped += 1;
    if (status === "rejected") tally.reject({ line, id, reason });
    else tally.accepted += 1;
  }

  // Rule: NoteBeforeSending.
  async #send(chunk: readonly Ready[]): Promise<void> {
    const { client, journal } = this.#work;
    const sentat = new Date().toISOString();
    if (!this.#isOver()) this.#note(chunk, sentat);
    if (this.#isOver()) {
      this.#work.tally.unfinished += chunk.length;
      return;
    }
    for (const ready of chunk) {
      await client.room();
      const first = ready.known?.sentat ?? (journal.keeps ? sentat : undefined);
      const open: Promise<void> = this.#settled(ready, first).finally(() => {
        this.#open.delete(open);
        this.#work.advanced();
      });
      this.#open.add(open);
    }
  }

  #note(chunk: readonly Ready[], sentat: string): void {
    const fresh = chunk.filter(({ known }) => known === undefined);
    try {
      this.#work.journal.note(
        fresh.map(({ event: { id, source }, print }) => ({ id, source, print, sentat })),
      );
    } catch (error) {
      this.stopped ??= errorIn(error);
    }
  }

  async #settled(ready: Ready, sentat: string | undefined): Promise<void> {
    try {
      const outcome = await this.#submitted(ready, sentat);
      this.#count(ready, outcome);
    } catch (error) {
      if (error instanceof AssizeError && exitOf(error) === EXIT.usage) this.#refuse(ready, error);
      else this.#leave(errorIn(error));
    }
  }

  /** Not answered, or its answer not kept. */
  // Rule: LeaveUnanswered.
  #leave(error: Error): void {
    this.#work.tally.unfinished += 1;
    if (!(error instanceof AssizeError) || error.code !== "aborted") this.stopped ??= error;
  }

  #refuse({ line, event }: Ready, { code, message: said }: AssizeError): void {
    const { tally, journal } = this.#work;
    // It was just sent, by the clock that is here.
    const message = code === "too-old" ? `${said} Is the clock of this machine right?` : said;
    try {
      journal.settle(event, "refused", { code, detail: message });
    } catch (error) {
      return this.#leave(errorIn(error));
    }
    tally.refused += 1;
    return tally.complain({ line, id: event.id, code, message });
  }

  #count(
    { line, event }: Ready,
    { status, reason, replayed }: Pick<Outcome, "status" | "reason" | "replayed">,
  ): void {
    const { tally, journal } = this.#work;
    journal.settle(event, status, reason);
    if (replayed) tally.replayed += 1;
    if (status === "accepted") tally.accepted += 1;
    else tally.reject({ line, id: event.id, reason });
  }

  // Rule: TakeUpNotedRow.
  async #submitted(
    ready: Ready,
    sentat: string | undefined,
  ): Promise<Pick<Outcome, "status" | "reason" | "replayed">> {
    const { client, deadlineMs, signal, journal } = this.#work;
    const { event, print } = ready;
    const asked = { deadlineMs, signal };
    try {
      return await client.submit({ ...event, data: event.data as object, sentat }, asked);
    } catch (error) {
      if (!(error instanceof AssizeError) || error.code !== "too-old") throw error;
    }
    const found = await client.event(event, asked);
    if (found !== null && found.status !== "pending") return outcomeIn(found, ready);
    // Nobody has it: what was begun then was never kept.
    const now = new Date().toISOString();
    journal.note([{ id: event.id, source: event.source, print, sentat: now }]);
    return client.submit({ ...event, data: event.data as object, sentat: now }, asked);
  }
}

function errorIn(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Of a row under an id that another one has had. */
function otherSentence({ status, reason }: Known): string {
  const before = "was given to a row of other content before";
  if (status === "accepted")
    return `${before}, which was accepted: what that did is taken back by an event of its own; give this row another id`;
  if (status === "rejected")
    return `${before}, which was rejected (${reason?.code ?? "rejected"}), and an id keeps its outcome: give the corrected row another id`;
  return `${before}, of which nobody knows yet what it came to: run it once more as it was, or give this row another id`;
}

/** What the ledger has of an event whose key the server has forgotten. */
function outcomeIn(
  found: EventDocument,
  { event, print }: Ready,
): Pick<Outcome, "status" | "reason" | "replayed"> {
  const { id, source } = event;
  const { type, subject, time, data } = found.event ?? { type: found.type };
  const own = digestOf(
    canonical({
      type,
      subject,
      time: event.time === undefined ? undefined : event.time,
      data,
      source,
      id: null,
    }),
  );
  const sameTime = sameInstant(time, event.time);
  if (own !== print || !sameTime)
    throw new AssizeError("key-reused", `event ${id}: the ledger has another event of this id`, {
      event: { id, source },
    });
  const status = found.status === "rejected" ? "rejected" : "accepted";
  return {
    status,
    replayed: true,
    ...(found.reason === undefined ? {} : { reason: found.reason }),
  };
}

/** The server writes times down in one form. */
function sameInstant(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Date.parse(one) === Date.parse(other);
}
