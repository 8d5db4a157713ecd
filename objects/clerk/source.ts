/** All replicated state of a seat, part by part, as of a base; and how a block moves it on. */
import { DOMAIN_VERSION } from "../shared/genesis.ts";
import { eraOf, stateRowDigest, wardenStateRow } from "../shared/state-root.ts";
import type { StateRow } from "../shared/state-root.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import type { Block } from "../shared/types.ts";
import type { Bench } from "./bench.ts";
import type { Chain } from "./chain.ts";
import type { Page, StateSource } from "./roots.ts";
import type { AgreedState } from "./state.ts";

export function stateSource(state: AgreedState, chain: Chain, wardens: number): StateSource {
  return {
    page: ({ kind, id }, base, after, room) => {
      switch (kind) {
        case "court":
          return courtPage([
            termStateRow(chain, base),
            ...chain.progress(wardens, base).map(wardenStateRow),
          ]);
        case "entities":
          return state.page(id, base, after, room);
        case "keys":
          return state.keys.page(id, after, room);
      }
    },
    eras: () => state.keys.eras(),
    timeOf: (base) => chain.head(base).header.time,
  };
}

/** An agreed block with what it comes to, and the roots that hang on it; one transaction. */
export function applyBlock(
  { chain, state, roots, deployment }: Bench,
  block: Block,
  evaluation: Evaluation,
): void {
  const { header, result } = block;
  const { height } = header;
  chain.append(block);
  state.apply(evaluation, header);
  roots.agreed(height, evaluation.entities, result.state);
  if (result.state === null) return;
  const base = height - deployment.rootEvery;
  const parts = roots.parts(base);
  const liveEra = parts?.find(({ kind }) => kind === "keys")?.id;
  state.forgetBefore(base, parts === null ? 0 : (liveEra ?? eraOf(height, deployment.rootEvery)));
}

/** The term above a base; whose its keys are, the control events that brought them prove. */
function termStateRow(chain: Chain, base: number): StateRow {
  const controls = chain.controls(base).map(({ header }) => header.control);
  const epoch = 1 + controls.filter((control) => control?.kind === "key").length;
  const version = controls.findLast((control) => control?.kind === "version");
  return ["term", epoch, version?.kind === "version" ? version.domainVersion : DOMAIN_VERSION];
}

/** Few and small: always one page. */
function courtPage(rows: readonly StateRow[]): Page {
  return { rows: rows.map((row) => ({ row, digest: stateRowDigest(row) })), last: true };
}
