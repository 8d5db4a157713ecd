// Whether what a contender answered is what it then has: stock, and ids that count once.
import { setTimeout as sleep } from "node:timers/promises";

import type { Check } from "../lib/verdict.ts";
import type { Book } from "./book.ts";
import type { Running, Semantics } from "./contenders/contender.ts";
import type { Answer, Movement } from "./movement.ts";
import type { Workload } from "./workloads.ts";

/** Looked at: of ids, and of items. */
const IDS = 20;
const ITEMS = 500;
const TRIES = 40;
const PAUSE_MS = 250;
const REQUEST_MS = 15_000;

export interface Audited {
  readonly running: Running;
  readonly semantics: Semantics;
  /** Movements of a request. */
  readonly size: number;
  readonly book: Book;
  readonly workload: Workload;
}

export async function audit(given: Audited): Promise<Check[]> {
  const { semantics, book, workload } = given;
  const checks = [{ what: "every answer is what it must be", wrong: book.wrong }];
  if (!semantics.idempotent) return checks;
  checks.push({ what: "what was not answered is, sent again", wrong: await settle(given) });
  checks.push({ what: "what is sent again is told as it was", wrong: await again(given) });
  if (semantics.tellsReuse)
    checks.push({ what: "an id with another movement is told", wrong: await reused(given) });
  const scarce = workload.initial > 0 && workload.initial < book.size;
  if (semantics.nonNegative && scarce)
    checks.push({ what: "as much was had as there was", wrong: had(given) });
  checks.push({ what: "the stock is what the answers say", wrong: await stock(given) });
  return checks;
}

/**
 * Sends what got no answer until it has one: whether it was done before or not, it counts once. Returns what is still open.
 * Nothing where ids do not count once.
 */
export async function settle({ running, semantics, size, book }: Audited): Promise<string[]> {
  if (!semantics.idempotent) return [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const open = book.unanswered();
    if (open.length === 0) return [];
    if (tries > 0) await sleep(PAUSE_MS);
    for (let from = 0; from < open.length; from += size) {
      const part = open.slice(from, from + size);
      const drawn = part.map((movement) => ({ movement, expect: null }));
      const answers = await submit(running, part).catch(() => []);
      if (answers.length > 0) book.told(drawn, answers);
    }
  }
  return book.unanswered().map(({ id }) => `${id} was sent ${TRIES} times and is not answered`);
}

async function submit(running: Running, movements: readonly Movement[]): Promise<Answer[]> {
  const { path, headers, body } = running.posted(movements);
  const reply = await fetch(running.url + path, {
    method: "POST",
    headers: { ...headers },
    body,
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  return running.answers(reply.status, await reply.text(), movements);
}

async function submitAll({ running, size }: Audited, sent: readonly Movement[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < sent.length; from += size)
    answers.push(...(await submit(running, sent.slice(from, from + size))));
  return answers;
}

async function again(given: Audited): Promise<string[]> {
  const known = given.book.answered(IDS);
  const answers = await submitAll(
    given,
    known.map(({ movement }) => movement),
  );
  return known.flatMap(({ movement: { id }, status }, index) => {
    const answer = answers[index];
    if (answer?.status !== status) return [`${id} was ${status} and is ${answer?.status}`];
    return answer.replayed === false ? [`${id} is sent again and counts as new`] : [];
  });
}

async function reused(given: Audited): Promise<string[]> {
  const known = given.book.answered(IDS);
  const changed = known.map(({ movement }) => ({ ...movement, delta: movement.delta - 1 }));
  const answers = await submitAll(given, changed);
  return changed.flatMap(({ id }, index) =>
    answers[index]?.status === "conflict" ? [] : [`${id} is ${answers[index]?.status}`],
  );
}

function had({ book, workload }: Audited): string[] {
  const { accepted } = book;
  return accepted === workload.initial ? [] : [`${accepted} of ${workload.initial} were accepted`];
}

async function stock({ running, book, workload }: Audited): Promise<string[]> {
  const changes = book.changes();
  // Of new items there are as many as movements.
  const count = workload.items === 0 ? book.size : workload.items;
  const items = Array.from({ length: Math.min(ITEMS, count) }, (_, index) => workload.item(index));
  const found = await running.stock(items);
  return items.flatMap((item) => {
    const must = workload.initial + (changes.get(item) ?? 0);
    const is = found?.get(item);
    return is === must ? [] : [`there are ${is} of ${item}, and must be ${must}`];
  });
}
