/** The submit form, from what was typed to what came of it. */
import type { Registry } from "../../objects/arbiter/registry.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { Problem, problemDocument } from "../http/problems.ts";
import type { ProblemDocument } from "../http/problems.ts";
import type { Api, Reply } from "./api.ts";
import { eventText, fieldsOf } from "./fields.ts";
import type { Typed } from "./fields.ts";
import type { Answer, Trying } from "./forms.tsx";
import type { OutcomeDocument } from "./outcome.tsx";

const freshId = (): string => `try-${crypto.randomUUID().slice(0, 8)}`;

/** The form before anything was sent. What was typed of another type stays where the names are the same. */
export function blank(
  registry: Registry,
  court: number,
  type: string | undefined,
  typed: Typed = {},
): Trying {
  const { types } = registry;
  const known = types.find((each) => each === type) ?? types[0] ?? "";
  return { registry, court, type: known, id: freshId(), typed, copies: "1" };
}

/** Of an array: what is used of an element. */
interface Element {
  readonly status: string;
}

/** Sends what the form says; the form as it is then shown, with the answer, and the answer's status. */
// Rules: SubmitByForm, RefuseCopies.
export async function send(
  api: Api,
  court: number,
  form: Typed,
): Promise<{ readonly trying: Trying; readonly status: number }> {
  const type = form["type"] ?? "";
  const id = form["id"] ?? "";
  const copies = form["copies"] ?? "1";
  const { registry } = api;
  const typed = typedOf(registry, type, form);
  const before = { registry, court, type, id, typed, copies };
  const number = /^\d{1,4}$/.test(copies) ? Number(copies) : 0;
  if (number < 1 || number > LIMITS.consoleCopies)
    return refused(before, "copies", `must be from 1 to ${LIMITS.consoleCopies}`);
  if (number > 1) return several(api, before, number);
  const reply = await api.ask<OutcomeDocument>("/v1/events", {
    method: "POST",
    body: eventText(registry, type, id, typed),
  });
  if (reply.body === null)
    return { trying: { ...before, answer: problemOf(reply) }, status: reply.status };
  const replayed = reply.headers.get("Idempotent-Replayed") === "true";
  const answer: Answer = { kind: "outcome", outcome: reply.body, replayed };
  return {
    trying: { ...before, id: freshId(), answer, sent: { type, id, ...typed } },
    status: reply.status,
  };
}

/** The form's members that are of the event's data. */
function typedOf(registry: Registry, type: string, form: Typed): Typed {
  const names = fieldsOf(registry, type)?.map(({ name }) => `data.${name}`) ?? ["data"];
  return Object.fromEntries(names.map((name) => [name, form[name] ?? ""]));
}

async function several(api: Api, before: Trying, number: number) {
  const { registry, type, id, typed } = before;
  const events = Array.from({ length: number }, (_, at) =>
    eventText(registry, type, `${id}-${at + 1}`, typed),
  );
  const body = `[${events.join(",")}]`;
  const reply = await api.ask<readonly (Element & { readonly problem?: ProblemDocument })[]>(
    "/v1/events",
    { method: "POST", body },
  );
  if (reply.body === null)
    return { trying: { ...before, answer: problemOf(reply) }, status: reply.status };
  const [first] = reply.body;
  // All alike but for their ids: what is wrong with one is wrong with all.
  if (first?.status === "invalid" && first.problem !== undefined) {
    const { problem } = first;
    return {
      trying: { ...before, answer: { kind: "problem" as const, problem } },
      status: problem.status,
    };
  }
  const counts = [...Map.groupBy(reply.body, ({ status }) => status)].map(
    ([status, all]) => [status, all.length] as const,
  );
  const answer: Answer = { kind: "counts", counts };
  return { trying: { ...before, id: freshId(), answer }, status: reply.status };
}

function problemOf({ problem, status }: Reply<unknown>): Answer {
  const unknown = {
    type: "about:blank",
    title: "It could not be sent",
    status,
    detail: "",
    instance: "/console/submit",
  };
  return { kind: "problem", problem: problem ?? unknown };
}

function refused(before: Trying, name: string, detail: string) {
  const complaint = { pointer: `/${name}`, detail };
  const problem = new Problem("invalid-event", "The form cannot be sent as it is.", [complaint]);
  const answer: Answer = { kind: "problem", problem: problemDocument(problem, "/console/submit") };
  return { trying: { ...before, answer }, status: problem.status };
}
