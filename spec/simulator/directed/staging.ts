/** A stage with every checker of what seats say, store and decide. */
import { termAt } from "../../../objects/shared/terms.ts";
import { tipOf } from "../../kit/cluster.ts";
import { agreement } from "../checkers/agreement.ts";
import { evidence } from "../checkers/evidence.ts";
import { together } from "../checkers/part.ts";
import type { Options } from "../checkers/part.ts";
import { persistence } from "../checkers/persistence.ts";
import { Signatures } from "../checkers/statements.ts";
import { voice } from "../checkers/voice.ts";
import { votes } from "../checkers/votes.ts";
import { oneCertificate } from "./certified.ts";
import { condemned } from "./condemned.ts";
import { justified } from "./grounds.ts";
import { unasked } from "./unasked.ts";
import { Stage } from "./stage.ts";
import type { Cast } from "./stage.ts";

/** Which checkers look on: all, or those of agreement alone, or blocks alone: what schedules are worth without the others. */
export type Watched = "all" | "agreement" | "blocks";

const GENESIS = tipOf([]);

/** `end` is to be called when nothing more will happen. */
export function staged(cast: Cast, watched: Watched = "all"): { stage: Stage; end: () => void } {
  const stage = new Stage(cast);
  const { quorum, terms } = stage.setup(0);
  const { keys, wardenKeys } = termAt(terms, 1);
  const tip = { block: GENESIS.block, result: GENESIS.result, time: 0 };
  const options: Options = {
    court: 0,
    mode: quorum.mode,
    n: quorum.n,
    q: quorum.q,
    f: quorum.f,
    liars: stage.liars,
    genesis: tip,
    keys,
    wardenKeys,
    verify: stage.verify,
    skewMs: [],
    parties: false,
    rootEvery: 1_000_000,
    retentionMs: 0,
  };
  const signatures = new Signatures(options);
  const agreed = agreement(options, signatures);
  const certified = oneCertificate(options);
  const others = [
    persistence(options),
    votes(options, signatures),
    voice(options),
    evidence(options, signatures),
    justified(options, signatures),
    condemned(options),
    unasked(options),
  ];
  const parts = {
    all: [agreed, certified, ...others],
    agreement: [agreed, certified],
    blocks: [agreed],
  };
  const { checker, end } = together(parts[watched], stage.liars);
  stage.history.watch(checker);
  return { stage, end };
}
