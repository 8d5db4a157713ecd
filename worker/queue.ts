/** The second way in: events of a Cloudflare Queue, on the same path as those over HTTP (spec/queue.allium). */
import { Context } from "./context.ts";
import type { Env } from "./context.ts";
import type { Decided } from "./http/answers.ts";
import type { SentEvent } from "./http/events.ts";
import { logged } from "./http/log.ts";
import { Problem } from "./http/problems.ts";
import { deadLetter, eventIn, fateOf, later } from "./letters.ts";
import type { Fate } from "./letters.ts";
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
      fates = batch.messages.map(({ attempts }) => later(attempts));
    }
    const met = await Promise.all(
      batch.messages.map((message, at) =>
        meet(batch.queue, message, fates[at] ?? later(message.attempts), env),
      ),
    );
    if (context?.settings.log === "requests") tell(batch.queue, met, Date.now() - began);
  };
}

// Rule: WaitForTenant.
async function fatesOf(messages: readonly Message[], context: Context): Promise<Fate[]> {
  const { deployment, settings } = context;
  if (settings.queueTenant === "") return messages.map(({ attempts }) => later(attempts));
  const read = messages.map((message) => ({ message, sent: readOf(message) }));
  const fit = read.flatMap(({ sent }) => (sent instanceof Problem ? [] : [sent]));
  const defaults = { mode: "plain", tenant: settings.queueTenant, idempotencyKey: null } as const;
  const decided = await decide(fit, defaults, context, deployment.deadlineMs);
  const of = new Map(fit.map((sent, at): [SentEvent, Decided | undefined] => [sent, decided[at]]));
  return read.map(({ message, sent }) => {
    if (sent instanceof Problem) return { fate: "dead", problem: sent };
    const each = of.get(sent);
    return each === undefined ? later(message.attempts) : fateOf(each, message.attempts);
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

/** Does with the message what is to be done, and says what that was. */
async function meet(
  queue: string,
  message: Message,
  fate: Fate,
  { DEAD_LETTERS }: Env,
): Promise<Fate["fate"]> {
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
  const { delaySeconds } = fate.fate === "again" ? fate : later(message.attempts);
  message.retry({ delaySeconds });
  return "again";
}

function tell(queue: string, met: readonly Fate["fate"][], ms: number): void {
  const count = (fate: Fate["fate"]) => met.filter((each) => each === fate).length;
  const [decided, again, dead] = [count("decided"), count("again"), count("dead")];
  console.log(JSON.stringify({ queue, messages: met.length, decided, again, dead, ms }));
}
