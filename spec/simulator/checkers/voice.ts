/** NoVoiceBeforeReady: nothing that counts comes from a seat before it began a life with a voice, nor after its key went with its storage. */
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { isBinding } from "./statements.ts";

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
  const wiped = new Set<number>();
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
        wiped.add(seat);
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
