/** NoVoiceBeforeReady: nothing that counts comes from a seat before it began a life with a voice, nor after its key went with its storage, until the court takes its new one. */
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { isBinding } from "./statements.ts";
import { rekeyedSeat } from "./terms.ts";

const VOICE = "NoVoiceBeforeReady";

interface Life {
  incarnation: number;
  voice: boolean;
  up: boolean;
  /** What the step that silenced it had said already still goes out at that time. */
  silencedAt: number | null;
}

export function voice({ liars }: Options): Part {
  const lives = new Map<number, Life>();
  /** By seat: the height at which it was last taken in again before its storage went, or 0. */
  const wiped = new Map<number, number>();
  const takenIn = new Map<number, number>();
  return {
    on: {
      started({ seat, incarnation, voice: given }) {
        if (liars.has(seat)) return;
        must(
          !given || !wiped.has(seat),
          VOICE,
          () => `seat ${seat} has a voice though its storage went`,
        );
        const before = lives.get(seat);
        must(
          before === undefined || incarnation >= before.incarnation,
          VOICE,
          () => `seat ${seat} began incarnation ${incarnation} after ${before?.incarnation}`,
        );
        lives.set(seat, { incarnation, voice: given, up: true, silencedAt: null });
      },
      stopped({ seat }) {
        const life = lives.get(seat);
        if (life !== undefined) life.up = false;
      },
      wiped({ seat }) {
        lives.delete(seat);
        wiped.set(seat, takenIn.get(seat) ?? 0);
      },
      agreed({ seat, block }) {
        const { height } = block.header;
        // What it learns anew of an earlier time gives it nothing back.
        if (rekeyedSeat(block.header) !== seat || height <= (wiped.get(seat) ?? 0)) return;
        takenIn.set(seat, height);
        wiped.delete(seat);
        const life = lives.get(seat);
        if (life !== undefined) life.voice = true;
      },
      silenced({ seat }, at) {
        const life = lives.get(seat);
        if (life === undefined) return;
        life.voice = false;
        life.silencedAt = at;
      },
      said({ seat, message, lie }, at) {
        if (liars.has(seat) || lie) return;
        const life = lives.get(seat);
        must(
          life?.up === true,
          VOICE,
          () => `seat ${seat} said a ${message.kind} while it was not there`,
        );
        must(
          message.incarnation <= life.incarnation,
          VOICE,
          () => `seat ${seat} spoke as incarnation ${message.incarnation}, not ${life.incarnation}`,
        );
        if (!isBinding(message) || message.from !== seat) return;
        must(
          life.voice || life.silencedAt === at,
          VOICE,
          () => `seat ${seat} said a ${message.kind} without a voice`,
        );
      },
    },
  };
}
