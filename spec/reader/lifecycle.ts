/** Lifecycles: every state is entered and left as declared, every edge has a rule, what a state needs is there. */
import { report } from "./lint.ts";
import type { Lint } from "./lint.ts";
import { memberOf, records } from "./names.ts";
import type { Book } from "./names.ts";
import type { Lifecycle, Member, Record } from "./syntax.ts";
import type { Assigned, Created, Deed } from "./walk.ts";
import { guardsOf } from "./walk.ts";

/** One record with a lifecycle, and all that rules do to it. */
interface Life {
  readonly lint: Lint;
  readonly book: Book;
  readonly record: Record;
  readonly lifecycle: Lifecycle;
  readonly states: readonly string[];
  readonly moves: readonly Move[];
  readonly deeds: readonly Deed[];
  readonly births: readonly (Created & { readonly deed: Deed; readonly state: string | null })[];
}
/** A rule sets the state. `from`: the states it may be in; `exact`: the rule says so itself. */
interface Move {
  readonly deed: Deed;
  readonly assigned: Assigned;
  readonly from: readonly string[];
  readonly exact: boolean;
  /** Null where it is computed. */
  readonly to: string | null;
}

export function lifecycles(lint: Lint, deeds: readonly Deed[]): void {
  for (const book of lint.books.values()) {
    for (const record of records(book.module)) {
      const [lifecycle, second] = record.lifecycles;
      namedStatus(lint, book, record);
      if (lifecycle === undefined) continue;
      if (second !== undefined) {
        report(lint, book, second, "two-lifecycles", `${record.name} has two`);
      }
      const life = lifeOf(lint, book, record, lifecycle, deeds);
      if (life !== null) judge(life);
    }
  }
}

/** The official checker looks at a field named status with an inline enum, and at nothing else. */
function namedStatus(lint: Lint, book: Book, record: Record): void {
  const status = record.members.find(({ name }) => name === "status");
  if (status === undefined || status.kind === "choice" || record.kind === "external entity") return;
  report(
    lint,
    book,
    status,
    "status-not-inline",
    `the states of ${record.name} are not told in place`,
  );
}

function lifeOf(
  lint: Lint,
  book: Book,
  record: Record,
  lifecycle: Lifecycle,
  deeds: readonly Deed[],
): Life | null {
  const field = memberOf(record, book, lifecycle.field);
  if (field?.kind !== "choice" || lifecycle.field !== "status") {
    report(
      lint,
      book,
      lifecycle,
      "status-not-inline",
      "a lifecycle is that of an inline enum named status",
    );
    return null;
  }
  const states = field.literals;
  const moves = deeds.flatMap((deed) =>
    deed.assigned
      .filter((assigned) => assigned.record === record && assigned.field === lifecycle.field)
      .map((assigned) => moveOf(deed, assigned, states, lifecycle)),
  );
  const births = deeds.flatMap((deed) =>
    deed.created
      .filter((created) => created.record === record)
      .map((created) => ({
        ...created,
        deed,
        state: literal(created.args.find(({ name }) => name === "status")?.value),
      })),
  );
  return { lint, book, record, lifecycle, states, deeds, moves, births };
}

const literal = (value: Assigned["value"] | undefined): string | null =>
  value?.kind === "name" && value.module === null ? value.name : null;

/** Where a rule does not say which state it begins in, those count from which an edge leads. */
function moveOf(
  deed: Deed,
  assigned: Assigned,
  states: readonly string[],
  lifecycle: Lifecycle,
): Move {
  const guards = deed.guards.filter(
    ({ subject, field }) => subject === assigned.subject && field === assigned.field,
  );
  const may = states.filter((state) =>
    guards.every((guard) => guard.states.includes(state) !== guard.except),
  );
  const exact = guards.some(({ except }) => !except);
  const to = literal(assigned.value);
  const led = may.filter(
    (from) => to === null || lifecycle.edges.some((edge) => edge.from === from && edge.to === to),
  );
  return { deed, assigned, from: exact || led.length === 0 ? may : led, exact, to };
}

function judge(life: Life): void {
  declared(life);
  edges(life);
  entered(life);
  stateFields(life);
  races(life);
}

function declared({ lint, book, lifecycle, states }: Life): void {
  const { edges: all, terminal } = lifecycle;
  for (const state of new Set([...all.flatMap(({ from, to }) => [from, to]), ...terminal])) {
    if (states.includes(state)) continue;
    report(lint, book, lifecycle, "unknown-literal", `${state} is none of ${states.join(", ")}`);
  }
  for (const state of states) {
    const leaves = all.some(({ from }) => from === state);
    if (leaves && terminal.includes(state)) {
      report(lint, book, lifecycle, "terminal-left", `${state} is terminal, and is left`);
    }
    if (!leaves && !terminal.includes(state)) {
      report(lint, book, lifecycle, "no-exit", `${state} is never left`);
    }
  }
}

function edges({ lint, record, book, lifecycle, moves }: Life): void {
  const has = (from: string, to: string | null): boolean =>
    lifecycle.edges.some((edge) => edge.from === from && edge.to === to);
  for (const { deed, assigned, from, to } of moves) {
    if (to === null) continue;
    const bad = from.filter((state) => state !== to && !has(state, to));
    if (bad.length === 0) continue;
    report(
      lint,
      deed.book,
      assigned.place,
      "undeclared-edge",
      `${record.name} goes from ${bad.join(" or ")} to ${to}`,
    );
  }
  for (const { from, to, ...place } of lifecycle.edges) {
    const some = moves.some(
      (move) => move.from.includes(from) && (move.to === to || move.to === null),
    );
    if (!some)
      report(
        lint,
        book,
        place,
        "edge-without-rule",
        `no rule takes ${record.name} from ${from} to ${to}`,
      );
  }
}

function entered({ lint, book, record, lifecycle, states, moves, births }: Life): void {
  for (const { deed, place, args } of births) {
    if (args.some(({ name }) => name === lifecycle.field)) continue;
    report(
      lint,
      deed.book,
      place,
      "status-unset",
      `${record.name} is created without ${lifecycle.field}`,
    );
  }
  // What comes from outside begins as it likes.
  if (record.kind === "external entity") return;
  for (const state of states) {
    if (
      births.some((birth) => birth.state === state) ||
      moves.some(({ to }) => to === state || to === null)
    )
      continue;
    report(lint, book, lifecycle, "state-unentered", `nothing makes a ${record.name} ${state}`);
  }
}

/** `name: Type when status = s`: set where such a state is entered, null again where it is left. */
function stateFields(life: Life): void {
  const { record, lifecycle, states } = life;
  for (const member of record.members) {
    if (member.kind !== "field" || member.when === null) continue;
    const guards = guardsOf(member.when).filter(({ field }) => field === lifecycle.field);
    const present = states.filter((state) =>
      guards.every((guard) => guard.states.includes(state) !== guard.except),
    );
    for (const move of life.moves) moved(life, member, present, move);
    for (const deed of life.deeds) readFields(life, member, present, deed);
    for (const { deed, state, args, place } of life.births) {
      if (
        state === null ||
        !present.includes(state) ||
        args.some(({ name }) => name === member.name)
      )
        continue;
      report(
        life.lint,
        deed.book,
        place,
        "state-field-unset",
        `a ${state} ${record.name} has ${member.name}`,
      );
    }
  }
}

function readFields(
  { lint, record, states, lifecycle }: Life,
  { name }: Member,
  present: readonly string[],
  deed: Deed,
): void {
  for (const { place, subject, ...reading } of deed.reads) {
    if (reading.record !== record || reading.field !== name) continue;
    const guards = deed.guards.filter(
      (guard) => guard.subject === subject && guard.field === lifecycle.field,
    );
    const may = states.filter((state) =>
      guards.every((guard) => guard.states.includes(state) !== guard.except),
    );
    if (may.every((state) => present.includes(state))) continue;
    report(lint, deed.book, place, "state-field-unguarded", `${subject}.${name} may not be there`);
  }
}

/** Two timers of one state that end it differently race. */
function races({ lint, moves }: Life): void {
  const timed = moves.filter(({ deed, exact }) => exact && deed.rule.when?.kind === "holds");
  for (const [index, { deed, from, to }] of timed.entries()) {
    const other = timed
      .slice(0, index)
      .find((move) => move.to !== to && move.from.some((state) => from.includes(state)));
    if (other === undefined) continue;
    report(
      lint,
      deed.book,
      deed.rule,
      "timers-race",
      `${deed.rule.name} and ${other.deed.rule.name} end one state differently`,
    );
  }
}

function moved(
  { lint, record }: Life,
  { name }: Member,
  present: readonly string[],
  { deed, assigned, from, to }: Move,
): void {
  if (to === null) return;
  const set = deed.assigned.find(
    (other) => other.subject === assigned.subject && other.field === name,
  );
  const cleared = set?.value.kind === "literal" && set.value.type === "null";
  const leaves = from.some((state) => present.includes(state) && state !== to);
  const enters = from.some((state) => !present.includes(state));
  if (present.includes(to) && enters && (set === undefined || cleared)) {
    report(
      lint,
      deed.book,
      assigned.place,
      "state-field-unset",
      `a ${to} ${record.name} has ${name}`,
    );
  }
  if (!present.includes(to) && leaves && !cleared) {
    report(
      lint,
      deed.book,
      assigned.place,
      "state-field-kept",
      `a ${to} ${record.name} has no ${name}`,
    );
  }
}
