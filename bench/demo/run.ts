// The main job on a running server: submit everything, kill the leader half-way, and look at what came of it.
import { setTimeout as sleep } from "node:timers/promises";

import type { Answer, Court, Stock } from "../lib/contract.ts";
import type { Progress } from "../lib/progress.ts";
import { requestsOf, WAREHOUSE } from "../lib/sample.ts";
import type { StockEvent } from "../lib/sample.ts";
import { recordsOf } from "../verify/live.ts";
import { Unreadable } from "../verify/records.ts";
import type { Block } from "../verify/shapes.ts";
import { Verifier } from "../verify/verifier.ts";
import type { Report } from "../verify/verifier.ts";
import type { Client, Sent } from "./client.ts";
import { longestGap, newSubmission, submitAll } from "./submission.ts";
import type { Submission } from "./submission.ts";

const REQUEST_EVENTS = 100;
/** Far longer than the rest takes: the seat stays down until it is healed. */
const DOWN_SECONDS = 300;
const REPLAYED_EVENTS = 500;
const READS_AT_ONCE = 16;
const POLL_MS = 200;
const WAIT_MS = 30_000;

/** What the demo did to the leader, and what it saw while the leader was down. */
interface Kill {
  readonly before: Court;
  readonly at: number;
  readonly replays: readonly Answer[];
}

export interface Findings {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly submittedMs: number;
  readonly gapMs: number;
  readonly replays: readonly Answer[];
  readonly killed: number;
  readonly before: Court;
  /** At the end of the submission. */
  readonly after: Court;
  /** Just before the killed seat is allowed back. */
  readonly down: Court;
  /** By item; null where there is no such entity. */
  readonly stock: ReadonlyMap<string, Stock | null>;
  /** The ledger's, and what its verification came to. */
  readonly blocks: readonly Block[];
  readonly verified: Report;
  /** When everything is published and the killed seat is back, or the time for it is over. */
  readonly last: Court;
}

export class Run {
  readonly #client: Client;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;

  constructor(client: Client, progress: Progress, signal: AbortSignal) {
    this.#client = client;
    this.#progress = progress;
    this.#signal = signal;
  }

  async everything(events: readonly StockEvent[]): Promise<Findings> {
    const submission = newSubmission();
    const { genesis } = (await this.#demand("GET", "/v1/ready")) as { readonly genesis: string };
    const kill = await this.#submit(events, submission);
    const submittedMs = (submission.answeredAt.at(-1) ?? 0) - submission.startedAt;
    const after = await this.#court();
    const stock = await this.#stock(new Set(events.map(({ data }) => data.item)));
    this.#progress.say("waiting until everything is published");
    await this.#until((court) => court.published >= court.height);
    const ledger = await this.#verified(genesis);
    const down = await this.#court();
    this.#progress.say("waiting for the killed seat to come back");
    const killed = kill.before.leader;
    await this.#fault(killed, { kind: "heal" });
    const last = await this.#until((court) => isBack(court, killed));
    return {
      answers: submission.answers,
      submittedMs,
      gapMs: longestGap(submission.answeredAt, kill.at),
      replays: kill.replays,
      killed,
      before: kill.before,
      after,
      down,
      stock,
      ...ledger,
      last,
    };
  }

  async #submit(events: readonly StockEvent[], submission: Submission): Promise<Kill> {
    let kill: Promise<Kill> | undefined;
    await submitAll(this.#client, requestsOf(events, REQUEST_EVENTS), submission, () => {
      const answered = submission.answers.size;
      this.#progress.say("submitting", `${answered} of ${events.length} events`);
      if (kill !== undefined || answered * 2 < events.length) return;
      kill = this.#killLeader(submission.sent);
      // Awaited below; if both fail, the submission's reason is told.
      kill.catch(() => undefined);
    });
    if (kill === undefined) throw new Error("the sample is empty");
    return kill;
  }

  /** Goes on at once; what was answered before is sent again while the court has no leader. */
  async #killLeader(sent: readonly Sent[]): Promise<Kill> {
    const again = sent.slice(0, REPLAYED_EVENTS);
    const before = await this.#court();
    const at = performance.now();
    await this.#fault(before.leader, { kind: "crash", seconds: DOWN_SECONDS });
    return { before, at, replays: await this.#client.submit(again) };
  }

  async #fault(seat: number, fault: object): Promise<void> {
    await this.#demand("POST", `/v1/courts/0/members/${seat}/fault`, fault);
  }

  async #stock(items: ReadonlySet<string>): Promise<Map<string, Stock | null>> {
    const read = new Map<string, Stock | null>();
    await this.#inParallel([...items], async (item) => {
      this.#progress.say("reading the stock", `${read.size} of ${items.size} items`);
      const path = `/v1/entities/stock/${encodeURIComponent(item)}@${WAREHOUSE}`;
      const { status, body } = await this.#client.ask("GET", path);
      if (status !== 200 && status !== 404) throw unexpected(path, status, body);
      read.set(item, status === 404 ? null : (body as { readonly state: Stock }).state);
    });
    return read;
  }

  /** As anybody may who noted the genesis before the first event. */
  async #verified(genesis: string): Promise<Pick<Findings, "blocks" | "verified">> {
    const verifier = new Verifier(genesis);
    const blocks: Block[] = [];
    const get = async (path: string): Promise<unknown> => {
      const { status, body } = await this.#client.ask("GET", path);
      if (status === 200) return body;
      if (status === 404) return null;
      throw new Unreadable(unexpected(path, status, body).message);
    };
    for await (const record of recordsOf(get, { court: null, histories: "sample" })) {
      if ("block" in record) {
        this.#progress.say("verifying the ledger", `${blocks.length + 1} blocks`);
        blocks.push(record.block as Block);
      }
      verifier.take(record);
    }
    return { blocks, verified: verifier.report() };
  }

  /** The last state seen, as it was wanted or when the time was over. */
  async #until(wanted: (court: Court) => boolean): Promise<Court> {
    const end = performance.now() + WAIT_MS;
    for (;;) {
      const court = await this.#court();
      if (wanted(court) || performance.now() > end) return court;
      await sleep(POLL_MS, undefined, { signal: this.#signal });
    }
  }

  async #court(): Promise<Court> {
    return (await this.#demand("GET", "/v1/courts/0")) as Court;
  }

  async #demand(method: "GET" | "POST", path: string, sent?: object): Promise<unknown> {
    const { status, body } = await this.#client.ask(method, path, sent);
    if (status !== 200) throw unexpected(path, status, body);
    return body;
  }

  async #inParallel<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
    const left = all.values();
    const worker = async (): Promise<void> => {
      for (const one of left) await each(one);
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
  }
}

export function isBack({ members, height }: Court, seat: number): boolean {
  return members.some((member) => member.seat === seat && member.ready && member.height === height);
}

function unexpected(path: string, status: number, body: unknown): Error {
  return new Error(`${path}: ${status} ${JSON.stringify(body).slice(0, 500)}`);
}
