/** The second way in: events of a Cloudflare Queue, on the same path as those over HTTP (spec/queue.allium). */
import { Context } from "./context.ts";
import type { Env } from "./context.ts";
import type { Decided } from "./http/answers.ts";
import type { SentEvent } from "./http/events.ts";
import { logged } from "./http/log.ts";
import { Problem } from "./http/problems.ts";
import { deadLetter, eventIn, fateOf, fateOfNobodys, later, pauseS } from "./letters.ts";
import type { Fate, Waiting } from "./letters.ts";
import { decide } from "./usher.ts";

/** The Worker's queue handler. Each message is acknowledged, sent on as a dead letter, or delivered again, by itself. */
export function queueHandler(): (batch: MessageBatch, env: Env) => Promise<void> {
  let context: Context | undefined;
  return async (batch, env) => {
    const began = Date.now();
    let fates: readonly Fate[];
    try {
      context ??= new Context(env);
      fates = await fatesOf(batch.messages, context);
    } catch (error) {
      // Nothing is lost by waiting, whatever it is: the configuration, the genesis, an unforeseen error.
      if (!(error instanceof Problem)) logged(error, `queue ${batch.queue}`);
      const problem = error instanceof Problem ? error : UNFORESEEN;
      fates = batch.messages.map((message) => later(waitingOf(message, context), problem));
    }
    const met = await Promise.all(
      batch.messages.map((message, at) => {
        const waiting = waitingOf(message, context);
        return meet(batch.queue, { message, waiting, fate: fates[at] }, env);
      }),
    );
    if (context?.settings.log === "requests") tell(batch.queue, met, Date.now() - began);
  };
}

const UNFORESEEN = new Problem("internal", "It is in the log.");

function waitingOf({ attempts, timestamp }: Message, context: Context | undefined): Waiting {
  const windowMs = context?.deployment.windowMs ?? null;
  return { attempts, sentAt: timestamp.getTime(), now: Date.now(), windowMs };
}

async function fatesOf(messages: readonly Message[], context: Context): Promise<Fate[]> {
  const { deployment, settings } = context;
  if (settings.queueTenant === "")
    return messages.map((message) => fateOfNobodys(waitingOf(message, context)));
  const read = messages.map((message) => ({ message, sent: readOf(message) }));
  const fit = read.flatMap(({ sent }) => (sent instanceof Problem ? [] : [sent]));
  const defaults = { mode: "plain", tenant: settings.queueTenant, idempotencyKey: null } as const;
  const decided = await decide(fit, defaults, context, deployment.deadlineMs);
  const of = new Map(fit.map((sent, at): [SentEvent, Decided | undefined] => [sent, decided[at]]));
  return read.map(({ message, sent }) => {
    if (sent instanceof Problem) return { fate: "dead", problem: sent };
    const each = of.get(sent);
    const waiting = waitingOf(message, context);
    return each === undefined ? later(waiting, UNFORESEEN) : fateOf(each, waiting);
  });
}

function readOf(message: Message): SentEvent | Problem {
  try {
    return eventIn(message);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

interface Met {
  readonly message: Message;
  readonly waiting: Waiting;
  readonly fate: Fate | undefined;
}

/** Does with the message what is to be done, and says what that was. */
async function meet(queue: string, met: Met, { DEAD_LETTERS }: Env): Promise<Fate["fate"]> {
  const { message, waiting } = met;
  const fate = met.fate ?? later(waiting, UNFORESEEN);
  if (fate.fate === "decided") {
    message.ack();
    return "decided";
  }
  if (fate.fate === "dead" && DEAD_LETTERS !== undefined) {
    try {
      await DEAD_LETTERS.send(deadLetter(queue, message, fate.problem));
      message.ack();
      return "dead";
    } catch (error) {
      // It is no dead letter before it is one.
      logged(error, `dead letter of queue ${queue}`);
    }
  }
  // After the last delivery the queue itself puts it where dead letters are, without a reason.
  message.retry({ delaySeconds: fate.fate === "again" ? fate.delaySeconds : pauseS(waiting) });
  return "again";
}

function tell(queue: string, met: readonly Fate["fate"][], ms: number): void {
  const count = (fate: Fate["fate"]) => met.filter((each) => each === fate).length;
  const [decided, again, dead] = [count("decided"), count("again"), count("dead")];
  console.log(JSON.stringify({ queue, messages: met.length, decided, again, dead, ms }));
}
