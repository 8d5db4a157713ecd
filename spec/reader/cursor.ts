/** A place in the tokens of a file. */
import { Unreadable } from "./tokens.ts";
import type { Comment, Place, Token } from "./tokens.ts";

export interface Cursor {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  at: number;
}

export function peek(cursor: Cursor, ahead = 0): Token {
  const token = cursor.tokens[Math.min(cursor.at + ahead, cursor.tokens.length - 1)];
  if (token === undefined) throw new Error("tokens end with an end");
  return token;
}

export function next(cursor: Cursor): Token {
  const token = peek(cursor);
  cursor.at += 1;
  return token;
}

export const placeOf = ({ line, column }: Place): Place => ({ line, column });

/** Is the next one this symbol or word? */
export function sees(cursor: Cursor, text: string, ahead = 0): boolean {
  const token = peek(cursor, ahead);
  return (
    (token.kind === "symbol" || token.kind === "name") &&
    token.text === text &&
    token.module === null
  );
}

export function takes(cursor: Cursor, text: string): boolean {
  if (!sees(cursor, text)) return false;
  cursor.at += 1;
  return true;
}

export function expect(cursor: Cursor, text: string): Token {
  if (sees(cursor, text)) return next(cursor);
  return refuse(cursor, `"${text}" should stand here`);
}

export function refuse(cursor: Cursor, message: string): never {
  const token = peek(cursor);
  const found = token.kind === "end" ? "the end" : `"${token.text}"`;
  throw new Unreadable(placeOf(token), `${message}, not ${found}`);
}

const PASCAL = /^[A-Z]\w*$/;
const SNAKE = /^(?:[a-z_]\w*|`.+`)$/;
export const isPascal = (token: Token): boolean => token.kind === "name" && PASCAL.test(token.text);
export const isSnake = (token: Token): boolean => token.kind === "name" && SNAKE.test(token.text);

export function pascal(cursor: Cursor, what: string): Token {
  if (isPascal(peek(cursor))) return next(cursor);
  return refuse(cursor, `the name of ${what} begins with a capital letter`);
}

export function snake(cursor: Cursor, what: string): Token {
  if (isSnake(peek(cursor))) return next(cursor);
  return refuse(cursor, `the name of ${what} begins with a small letter`);
}

/** Items up to the closing bracket; commas between them may be left out where a line ends. */
export function list<T>(cursor: Cursor, close: string, item: () => T): T[] {
  const items: T[] = [];
  while (!takes(cursor, close)) {
    if (peek(cursor).kind === "end") refuse(cursor, `"${close}" is missing`);
    items.push(item());
    takes(cursor, ",");
  }
  return items;
}
