/** NoControlUnasked: in a run in which no operator asks for anything, nothing about the court itself is decided. */
import { must } from "../checkers/part.ts";
import type { Options, Part } from "../checkers/part.ts";

export function unasked({ liars }: Options): Part {
  return {
    on: {
      agreed({ seat, block: { header } }) {
        must(
          liars.has(seat) || header.control === null,
          "NoControlUnasked",
          () => `height ${header.height} decides ${JSON.stringify(header.control)}`,
        );
      },
    },
  };
}
