/** The Usher lets a well-formed, authorised event in: the path of a submission, from the request to its answer. */
import { canonical } from "../objects/shared/canonical.ts";
import { fingerprintOf, keyDigest } from "../objects/shared/digests.ts";
import { courtOf, wardenOf } from "../objects/shared/names.ts";
import type { Submission } from "../objects/shared/rpc.ts";
import type { LedgerEvent } from "../objects/shared/types.ts";
import type { Context } from "./context.ts";
import { authorise } from "./http/access.ts";
import { answerArray, answerSingle, SILENCE } from "./http/answers.ts";
import type { Answer, Decided, Refused } from "./http/answers.ts";
import { readBody } from "./http/body.ts";
import { contentModeOf, idOf, readEvent, sentEvents } from "./http/events.ts";
import type { Defaults, ReadEvent, SentEvent } from "./http/events.ts";
import { placeIn } from "./http/place.ts";
import type { Place } from "./http/place.ts";
import { idempotencyKeyOf, prefersAsync } from "./http/preferences.ts";
import { Problem } from "./http/problems.ts";
import { askWarden } from "./wardens.ts";

/** An event on its way: where it goes and what is asked there. */
interface Routed {
  readonly event: LedgerEvent;
  readonly warden: number;
  readonly submission: Submission;
}

/** `POST /v1/events`. Throws a {@link Problem} where the request fails as a whole. */
// Rule: TakeRequest.
export async function submit(
  request: Request,
  context: Context,
  note: (place: Place | null) => void,
): Promise<Response> {
  const { deployment, tokens } = context;
  const { tenant } = authorise(request.headers.get("Authorization"), tokens, "submit");

  const mode = contentModeOf(request.headers);
  const sent = sentEvents(mode, request.headers, await readBody(request));
  const idempotencyKey = sent.array ? null : idempotencyKeyOf(request.headers);
  const asynchronous = prefersAsync(request.headers);

  const defaults = { mode, tenant, idempotencyKey };
  const waitMs = asynchronous ? 0 : deployment.deadlineMs;
  const decided = await decide(sent.events, defaults, context, waitMs);

  note(placeIn(decided.flatMap(bodyOf)));
  const reply = { decided, asynchronous, path: new URL(request.url).pathname };
  return sent.array ? answerArray(reply) : answerSingle(reply);
}

const bodyOf = (each: Decided): string[] =>
  "answer" in each && each.answer.kind === "settled" ? [each.answer.body] : [];

/** What became of each event, in order: the one path of events from wherever they come. Throws `no-quorum` without a genesis. */
export async function decide(
  events: readonly SentEvent[],
  defaults: Defaults,
  context: Context,
  waitMs: number,
): Promise<readonly Decided[]> {
  const judged = events.map((event) => judge(event, defaults, context));
  const fit = judged.flatMap((each) => ("problem" in each ? [] : [each]));
  if (fit.length > 0) await context.genesis();
  const answers = await askWardens(context, fit, waitMs);
  return judged.map((each): Decided => {
    if ("problem" in each) return each;
    return { event: each.event, answer: answers.get(each) ?? SILENCE };
  });
}

/** A bad event gets its problem and sinks no neighbour. */
// Rule: AdmitEvent.
function judge(sent: SentEvent, defaults: Defaults, context: Context): Routed | Refused {
  try {
    return routed(readEvent(sent, defaults), context);
  } catch (error) {
    if (error instanceof Problem) return { id: idOf(sent), problem: error };
    throw error;
  }
}

/** Throws `invalid-event` for what no domain of the deployment knows. */
// Rules: RefuseInvalidEvent, RouteEvent.
function routed({ event: read, sentAt }: ReadEvent, { deployment, registry }: Context): Routed {
  const validation = registry.validate(read.type, read.data);
  if (!validation.ok) {
    throw new Problem("invalid-event", "The event is not one of the domain's.", validation.errors);
  }
  const event = { ...read, data: validation.data };
  const submission = {
    key: keyDigest(event),
    fingerprint: fingerprintOf(event),
    court: courtOf(deployment, event.tenant, validation.partition),
    sentAt,
    event: canonical(event),
  };
  return { event, warden: wardenOf(deployment, event.tenant, event.source), submission };
}

/** One call to each Warden that has any of the events, all at once; within a call the order is that of the array. */
// Rule: RouteEvent.
async function askWardens(
  context: Context,
  events: readonly Routed[],
  waitMs: number,
): Promise<ReadonlyMap<Routed, Answer>> {
  const calls = [...Map.groupBy(events, ({ warden }) => warden)].map(async ([warden, share]) => {
    const submissions = share.map(({ submission }) => submission);
    const answers = await askWarden(context, warden, submissions, waitMs);
    return share.map((each, index) => [each, answers[index] ?? SILENCE] as const);
  });
  return new Map((await Promise.all(calls)).flat());
}
