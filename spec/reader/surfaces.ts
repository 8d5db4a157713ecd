/** Surfaces: who meets whom, what is offered there, and what is promised. */
import {
  expect,
  isSnake,
  next,
  pascal,
  peek,
  placeOf,
  refuse,
  sees,
  snake,
  takes,
} from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { expression, loopHead } from "./expressions.ts";
import { call, note, typeName } from "./rules.ts";
import type { Binding, Expression, Note, Provided, Surface, TypeName } from "./syntax.ts";
import type { Place } from "./tokens.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export function surface(cursor: Cursor, place: Place): Surface {
  const name = pascal(cursor, "a surface").text;
  const read: Mutable<Surface> = {
    ...placeOf(place),
    kind: "surface",
    name,
    facing: null,
    contexts: [],
    lets: [],
    exposes: [],
    provides: [],
    demands: [],
    fulfils: [],
    related: [],
    timeouts: [],
    notes: [] as Note[],
  };
  expect(cursor, "{");
  while (!takes(cursor, "}")) {
    if (sees(cursor, "@")) read.notes.push(note(cursor));
    else part(cursor, read);
  }
  return read;
}

function part(cursor: Cursor, read: Mutable<Surface>): void {
  const word = next(cursor);
  const block = <T>(item: () => T): T[] => deeper(cursor, word, item);
  switch (word.text) {
    case "facing":
      read.facing = binding(cursor);
      return;
    case "context":
      read.contexts.push(binding(cursor));
      return;
    case "let": {
      const name = snake(cursor, "a local").text;
      expect(cursor, "=");
      read.lets.push({ name, value: expression(cursor) });
      return;
    }
    case "exposes":
      read.exposes.push(...block(() => exposed(cursor)));
      return;
    case "provides":
      read.provides.push(...block(() => provided(cursor)));
      return;
    case "contracts":
      for (const { demanded, type } of block(() => bound(cursor))) {
        (demanded ? read.demands : read.fulfils).push(type);
      }
      return;
    case "related":
      read.related.push(...block(() => expression(cursor)));
      return;
    case "timeout":
      read.timeouts.push(...block(() => timeout(cursor)));
      return;
    default:
      cursor.at -= 1;
      return refuse(cursor, "a part of a surface should stand here");
  }
}

/** `facing name: Type`, or the type alone. */
function binding(cursor: Cursor): Binding {
  const token = peek(cursor);
  const named = isSnake(token) && sees(cursor, ":", 1);
  if (named) cursor.at += 2;
  const type = typeName(cursor);
  const condition = takes(cursor, "where") ? expression(cursor) : null;
  return { ...placeOf(token), name: named ? token.text : "_", type, condition };
}

function deeper<T>(cursor: Cursor, word: Place, item: () => T): T[] {
  expect(cursor, ":");
  const items: T[] = [];
  const inside = (): boolean => {
    const token = peek(cursor);
    if (token.kind === "end" || sees(cursor, "}") || sees(cursor, "@")) return false;
    return token.line === word.line || token.column > word.column;
  };
  while (inside()) {
    items.push(item());
    takes(cursor, ",");
  }
  if (items.length === 0) refuse(cursor, "something should follow the colon");
  return items;
}

function exposed(cursor: Cursor): Expression {
  const place = placeOf(peek(cursor));
  if (takes(cursor, "for")) {
    const head = loopHead(cursor);
    const items = [exposed(cursor)];
    while (peek(cursor).column > place.column && !sees(cursor, "}")) items.push(exposed(cursor));
    return { ...place, kind: "for", ...head, body: { ...place, kind: "list", items } };
  }
  const value = expression(cursor);
  if (!takes(cursor, "when")) return value;
  return { ...place, kind: "if", condition: expression(cursor), yes: value, no: null };
}

function provided(cursor: Cursor): Provided {
  const offered = call(cursor);
  const when = takes(cursor, "when") ? expression(cursor) : null;
  return { ...placeOf(offered), call: offered, when };
}

function bound(cursor: Cursor): { demanded: boolean; type: TypeName } {
  const demanded = takes(cursor, "demands");
  if (!demanded) expect(cursor, "fulfils");
  return { demanded, type: typeName(cursor) };
}

function timeout(cursor: Cursor): TypeName {
  const rule = typeName(cursor);
  if (takes(cursor, "when")) expression(cursor);
  return rule;
}
