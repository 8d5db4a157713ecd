/** All checkers of a run. They look at facts only, and share no code with what they check. */
import { agreement } from "./agreement.ts";
import { evidence } from "./evidence.ts";
import { together } from "./part.ts";
import type { Checks, Options } from "./part.ts";
import { persistence } from "./persistence.ts";
import { Signatures } from "./statements.ts";
import { voice } from "./voice.ts";
import { votes } from "./votes.ts";

export function checkersFor(options: Options): Checks {
  const signatures = new Signatures(options);
  const parts = [
    agreement(options, signatures),
    persistence(options),
    votes(options, signatures),
    voice(options),
    evidence(options, signatures),
  ];
  return together(parts, options.liars);
}
