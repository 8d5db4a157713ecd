/** All checkers of a run. They look at facts only, and share no code with what they check. */
import { agreement } from "./agreement.ts";
import { Answers } from "./answers.ts";
import { evidence } from "./evidence.ts";
import { fresh } from "./fresh.ts";
import { kept } from "./kept.ts";
import { ledger } from "./ledger.ts";
import { lawful } from "./lawful.ts";
import { Model, replay } from "./model.ts";
import { together } from "./part.ts";
import type { Checks, Options, Part } from "./part.ts";
import { persistence } from "./persistence.ts";
import { poison } from "./poison.ts";
import { reads } from "./reads.ts";
import { roots } from "./roots.ts";
import { Signatures } from "./statements.ts";
import { stock } from "./stock.ts";
import { stops } from "./stops.ts";
import { taken } from "./taken.ts";
import { blockTimes, keysOnce, sendingsOnce, validity } from "./validity.ts";
import { voice } from "./voice.ts";
import { votes } from "./votes.ts";

export function checkersFor(options: Options): Checks {
  const signatures = new Signatures(options);
  const parts = [...seatCheckers(options, signatures), ...outcomeCheckers(options, signatures)];
  return together(parts, options.liars);
}

/** Of what seats say, store and decide. */
export function seatCheckers(options: Options, signatures = new Signatures(options)): Part[] {
  return [...chainCheckers(options, signatures), lawful(options, signatures)];
}

/** Of these, what can be told without the proposals. */
export function chainCheckers(options: Options, signatures = new Signatures(options)): Part[] {
  return [
    agreement(options, signatures),
    persistence(options),
    votes(options, signatures),
    voice(options),
    stops(options),
    evidence(options, signatures),
  ];
}

/** Of what blocks hold, and what is told of it. */
export function outcomeCheckers(options: Options, signatures = new Signatures(options)): Part[] {
  const model = new Model(options.retentionMs);
  return [
    validity(options, signatures),
    keysOnce(options),
    sendingsOnce(options),
    blockTimes(options),
    poison(options, signatures),
    // What it says names what is wrong; the replay sees all of it too.
    stock(),
    replay(options, model),
    roots(options, model),
    taken(options, model),
    new Answers(options),
    reads(options, model),
    fresh(model),
    ledger(options, signatures),
    kept(options),
  ];
}
