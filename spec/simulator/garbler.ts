/** Texts as a broken way or a hostile caller makes them: what reads them must drop them, and never throw. */
import { LIMITS } from "../../objects/shared/limits.ts";
import type { Dice } from "../kit/dice.ts";

export interface Garbled {
  readonly text: string;
  /** Whether something in it can be no message or writ: of mere noise chance may leave a readable one. */
  readonly unreadable: boolean;
}

/** Of the text of one call between seats, which holds one message. */
export function garbledCall(text: string, dice: Dice): Garbled {
  const message = text.slice(1, -1);
  if (dice.percent(25)) return { text: noise(text, dice), unreadable: false };
  const all = Array.from({ length: LIMITS.messagesPerCall + 1 }, () => message);
  const unreadable = dice.one([
    () => cut(text, dice),
    () => message,
    () => `{"messages":${text}}`,
    () => "null",
    () => `[${all.join(",")}]`,
    () => `[${message},7]`,
    () => `[null,${message}]`,
    () => text.replace('"kind":"', '"kind":"un'),
    () => text.replace(/"from":\d+/, dice.one(['"from":-1', '"from":1.5', '"from":1e300'])),
    () => text.replace(/"signature":"/, '"signature":"é'),
    () => "[".repeat(20_000),
  ])();
  return { text: unreadable, unreadable: true };
}

/** Of the text of a sealed writ. */
export function garbledWrit(text: string, dice: Dice): string {
  const writ = JSON.parse(text) as { readonly court: number; readonly events: readonly string[] };
  const [event = "", ...others] = writ.events;
  const changed = (fields: object): string => JSON.stringify({ ...writ, ...fields });
  return dice.one([
    () => cut(text, dice),
    () => "null",
    () => `[${text}]`,
    () => changed({ events: [] }),
    () => changed({ events: Array.from({ length: LIMITS.writEvents + 1 }, () => event) }),
    () => changed({ number: 0 }),
    () => changed({ warden: -1 }),
    () => changed({ warden: 2 ** 40 }),
    () => changed({ court: writ.court + 1 }),
    () => changed({ seal: "" }),
    () => changed({ seal: "0".repeat(128) }),
    () => (others.length > 0 ? changed({ events: [writ.events.join("\n")] }) : "[]"),
    () => changed({ events: [`${event}\n`, ...others] }),
    () => changed({ events: [`${event}\ud800`, ...others] }),
    () => changed({ events: [event.padEnd(LIMITS.writBytes, "é"), ...others] }),
  ])();
}

function cut(text: string, dice: Dice): string {
  return text.slice(0, dice.below(text.length));
}

/** One of its characters is another one. */
function noise(text: string, dice: Dice): string {
  const at = dice.below(text.length);
  return text.slice(0, at) + dice.one(["0", "f", '"', "}", "\\", "\u0000"]) + text.slice(at + 1);
}
