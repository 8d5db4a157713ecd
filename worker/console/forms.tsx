/** The forms of a court's page: an event to try, and faults on purpose. */
import type { Registry } from "../../objects/arbiter/registry.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { ProblemDocument } from "../http/problems.ts";
import { Lacking } from "./court.tsx";
import { fieldsOf } from "./fields.ts";
import type { Field, Typed } from "./fields.ts";
import { OutcomeBody, StatusOf } from "./outcome.tsx";
import type { OutcomeDocument } from "./outcome.tsx";
import type { CourtView } from "../court.ts";

/** What a submission by form came to. */
export type Answer =
  | { readonly kind: "outcome"; readonly outcome: OutcomeDocument; readonly replayed: boolean }
  | {
      readonly kind: "counts";
      readonly counts: readonly (readonly [status: string, count: number])[];
    }
  | { readonly kind: "problem"; readonly problem: ProblemDocument };

export interface Trying {
  readonly registry: Registry;
  readonly court: number;
  readonly type: string;
  /** For the next event. */
  readonly id: string;
  readonly typed: Typed;
  readonly copies: string;
  readonly answer?: Answer | undefined;
  /** As it was sent, to send it again. */
  readonly sent?: Typed | undefined;
}

/** What to do about a problem, by its slug. */
const ADVICE: { readonly [slug: string]: string } = {
  "key-reused": "Choose another id: this one belongs to an event with other content.",
  "invalid-event": "Correct what is marked and send it again.",
  malformed: "Correct what is marked and send it again.",
  "too-large": "Make it smaller and send it again.",
  overloaded: "Nothing was kept. Wait a second and send it again.",
  "no-quorum":
    "Nothing was kept. Look above at which seats are missing, and send it again when enough are back.",
  pending: "It is kept and will be decided. Send the very same again to see what it came to.",
  forbidden: "Sign in with a token that has the scope.",
};

function slugOf({ type }: ProblemDocument): string {
  return type.slice(type.lastIndexOf("/") + 1);
}

function Told({ answer, marks }: { readonly answer: Answer; readonly marks: ReadonlySet<string> }) {
  if (answer.kind === "problem") {
    const { title, detail } = answer.problem;
    // What is said beside a field is not said twice.
    const errors = (answer.problem.errors ?? []).filter(
      ({ pointer }) => !marks.has(nameIn(pointer)),
    );
    return (
      <div class="answer bad" role="alert">
        <p>
          <strong>{title}.</strong> {detail === `${title}.` ? null : detail}
        </p>
        {errors.length === 0 ? null : (
          <ul>
            {errors.map((error) => (
              <li>
                <code>{error.pointer}</code> {error.detail}
              </li>
            ))}
          </ul>
        )}
        <p>{ADVICE[slugOf(answer.problem)] ?? ""}</p>
      </div>
    );
  }
  if (answer.kind === "counts")
    return (
      <div class="answer">
        <p>
          {answer.counts.map(([status, number], at) => (
            <>
              {at === 0 ? "" : ", "}
              <strong>{number}</strong> {status}
            </>
          ))}
        </p>
      </div>
    );
  const { outcome, replayed } = answer;
  return (
    <div class="answer">
      <p>
        <StatusOf outcome={outcome} />{" "}
        {replayed ? "as before: the same id and event again have no second effect." : null}
      </p>
      <OutcomeBody outcome={outcome} />
    </div>
  );
}

function sayingOf(answer: Answer): string {
  if (answer.kind === "problem") return `${answer.problem.title}. ${answer.problem.detail}`;
  if (answer.kind === "counts")
    return answer.counts.map(([status, number]) => `${number} ${status}`).join(", ");
  return `${answer.outcome.id} is ${answer.outcome.status}${answer.replayed ? ", as before" : ""}`;
}

interface Complained {
  readonly name: string;
  readonly complaint: string | undefined;
}

function Complaint({ name, complaint }: Complained) {
  if (complaint === undefined) return null;
  return (
    <p class="complaint" id={`complaint-${name}`}>
      {complaint}
    </p>
  );
}

const marked = ({ name, complaint }: Complained) =>
  complaint === undefined
    ? {}
    : { "aria-invalid": "true" as const, "aria-describedby": `complaint-${name}` };

function Input({
  field,
  typed,
  complaint,
}: {
  readonly field: Field;
  readonly typed: Typed;
  readonly complaint: string | undefined;
}) {
  const { name, integer, example, choices } = field;
  const value = typed[`data.${name}`] ?? example;
  const common = { id: `field-${name}`, name: `data.${name}`, ...marked({ name, complaint }) };
  return (
    <div class="field">
      <label for={`field-${name}`}>{name}</label>
      {choices.length > 0 ? (
        <select {...common}>
          {choices.map((choice) => (
            <option value={choice} selected={choice === value}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          value={value}
          inputmode={integer ? "numeric" : undefined}
          autocomplete="off"
          spellcheck={false}
        />
      )}
      <Complaint name={name} complaint={complaint} />
    </div>
  );
}

/** The name of a field, or more, from a pointer into the event. */
const nameIn = (pointer: string): string => pointer.replace(/^\/(?:data\/)?/, "");

/** Names of all fields of the form. */
const marksOf = ({ registry, type }: Trying): ReadonlySet<string> =>
  new Set(["id", "copies", ...(fieldsOf(registry, type)?.map(({ name }) => name) ?? ["data"])]);

/** By a field's name or `id`: what was said of it. */
function complaintsOf(answer: Answer | undefined): ReadonlyMap<string, string> {
  const errors = answer?.kind === "problem" ? (answer.problem.errors ?? []) : [];
  return new Map(errors.map(({ pointer, detail }) => [nameIn(pointer), detail]));
}

function Choose({ registry, type, court }: Trying) {
  return (
    <form action="/console/submit" class="choose" data-inline>
      <input type="hidden" name="court" value={String(court)} />
      <label for="type">Type</label>
      <select id="type" name="type" data-choose>
        {registry.types.map((each) => (
          <option value={each} selected={each === type}>
            {each}
          </option>
        ))}
      </select>
      <button type="submit" id="choose" class="frozen">
        Choose
      </button>
    </form>
  );
}

function Again({ court, sent }: { readonly court: number; readonly sent: Typed }) {
  return (
    <form method="post" action="/console/submit" data-inline class="again">
      <input type="hidden" name="court" value={String(court)} />
      {Object.entries(sent).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" id="try-again" class="plain">
        Send the very same again
      </button>
    </form>
  );
}

function TryForm({ trying }: { readonly trying: Trying }) {
  const { registry, court, type, id, typed, copies, answer } = trying;
  const complaints = complaintsOf(answer);
  const fields = fieldsOf(registry, type);
  return (
    <form method="post" action="/console/submit" data-inline>
      <input type="hidden" name="court" value={String(court)} />
      <input type="hidden" name="type" value={type} />
      <div class="fields">
        {fields === null ? (
          <div class="field wide">
            <label for="field-data">data, as JSON</label>
            <textarea
              id="field-data"
              name="data"
              rows={4}
              spellcheck={false}
              {...marked({ name: "data", complaint: complaints.get("data") })}
            >
              {typed["data"] ?? "{}"}
            </textarea>
            <Complaint name="data" complaint={complaints.get("data")} />
          </div>
        ) : (
          fields.map((field) => (
            <Input field={field} typed={typed} complaint={complaints.get(field.name)} />
          ))
        )}
        <div class="field">
          <label for="field-id">id</label>
          <input
            id="field-id"
            name="id"
            value={id}
            autocomplete="off"
            spellcheck={false}
            {...marked({ name: "id", complaint: complaints.get("id") })}
          />
          <Complaint name="id" complaint={complaints.get("id")} />
        </div>
        <div class="field">
          <label for="field-copies">how many</label>
          <input
            id="field-copies"
            name="copies"
            type="number"
            min="1"
            max={String(LIMITS.consoleCopies)}
            value={copies}
            {...marked({ name: "copies", complaint: complaints.get("copies") })}
          />
          <Complaint name="copies" complaint={complaints.get("copies")} />
        </div>
      </div>
      <button type="submit" id="try-send" class="strong">
        Send
      </button>
    </form>
  );
}

/** The panel with the submit form; `may`: the token has the scope for it. */
export function TryPanel({ trying, may }: { readonly trying: Trying; readonly may: boolean }) {
  const { court, answer, sent } = trying;
  return (
    <section
      id="try"
      class="panel try"
      data-answer
      data-say={answer === undefined ? undefined : sayingOf(answer)}
      aria-labelledby="try-title"
    >
      <h2 id="try-title">Try an event</h2>
      {may ? (
        <>
          <Choose {...trying} />
          <TryForm trying={trying} />
          {answer === undefined ? null : <Told answer={answer} marks={marksOf(trying)} />}
          {answer === undefined || sent === undefined ? null : <Again court={court} sent={sent} />}
        </>
      ) : (
        <Lacking scope="submit" what="a form to send events with" />
      )}
    </section>
  );
}

/** What a button does to a seat, and what then is to be seen. */
export const BREAKS = {
  crash: ["Crash", "loses its memory and stays down for 15 seconds"],
  "corrupt-outcome": ["Corrupt", "computes wrong outcomes until it is healed"],
  mute: ["Mute", "hears everything and says nothing until it is healed"],
  wipe: ["Wipe", "loses its storage, and its key with it"],
  heal: ["Heal", "is in order again"],
  readmit: ["Re-admit", "is taken in again under a new key, once it was wiped"],
} as const;
export type Break = keyof typeof BREAKS;

export interface Broken {
  readonly seat: number;
  readonly kind: Break;
}

export interface Breaking {
  /** What was done just now. */
  readonly done?: Broken | undefined;
  /** Why it could not be. */
  readonly problem?: string | undefined;
}

export function BreakPanel({
  court,
  breaking,
  may,
}: {
  readonly court: CourtView;
  readonly breaking: Breaking;
  readonly may: boolean;
}) {
  const { done, problem } = breaking;
  const saying =
    problem ??
    (done === undefined ? undefined : `Seat ${done.seat} was told: it ${BREAKS[done.kind][1]}.`);
  const chosen = done?.seat ?? (court.leader + 1) % court.members.length;
  return (
    <section
      id="break"
      class="panel break"
      data-answer
      data-say={saying}
      aria-labelledby="break-title"
    >
      <h2 id="break-title">Break it on purpose</h2>
      {may ? (
        <form method="post" action={`/console/courts/${court.court}/fault`} data-inline>
          <fieldset>
            <legend>Which seat</legend>
            {court.members.map(({ seat, region }) => (
              <label>
                <input
                  id={`break-seat-${seat}`}
                  type="radio"
                  name="seat"
                  value={String(seat)}
                  checked={seat === chosen}
                />
                <span>
                  Seat {seat} <span class="hint">{region}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <div class="buttons">
            {Object.entries(BREAKS).map(([kind, [name, effect]]) => (
              <button
                type="submit"
                name="kind"
                value={kind}
                id={`break-${kind}`}
                class={kind === "heal" || kind === "readmit" ? "" : "danger"}
                title={`The seat ${effect}.`}
              >
                {name}
              </button>
            ))}
          </div>
          {saying === undefined ? (
            <p class="help">Send events meanwhile: the court goes on with any one seat broken.</p>
          ) : (
            <p class={problem === undefined ? "answer" : "answer bad"}>{saying}</p>
          )}
        </form>
      ) : (
        <Lacking scope="operate" what="buttons to break a seat with" />
      )}
    </section>
  );
}
