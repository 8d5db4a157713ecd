/**
 * Agreement: at no height do two honest seats have different blocks; every block is on the one before; a seat's height grows by one
 * over all its lives, unless its storage went or was damaged.
 */
import type { Block } from "../../../objects/shared/types.ts";
import { digestOfBatch, digestOfResult, digestOfWrit, rootOf } from "./bytes.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { digestOfPoison } from "./poison.ts";
import type { Signatures } from "./statements.ts";

const AGREEMENT = "Agreement";

export function agreement({ liars, genesis }: Options, signatures: Signatures): Part {
  const chain: Block[] = [];
  const heights = new Map<number, number>();
  const damaged = new Set<number>();
  return {
    on: {
      damaged({ seat }) {
        damaged.add(seat);
      },
      wiped({ seat }) {
        heights.delete(seat);
      },
      agreed({ seat, block }) {
        if (liars.has(seat)) return;
        const { height } = block.header;
        const below = heights.get(seat) ?? 0;
        // What it could not read any more it is given again.
        const again = damaged.has(seat) && height <= below;
        must(
          height === below + 1 || again,
          AGREEMENT,
          () => `seat ${seat} went from height ${below} to ${height}`,
        );
        heights.set(seat, height);
        const known = chain[height - 1];
        if (known !== undefined) return compare(known, block, seat);
        const prior = chain.at(-1);
        const parent = prior?.certificate.block ?? genesis.block;
        must(
          block.header.parent === parent,
          AGREEMENT,
          () => `height ${height} of seat ${seat} is on ${block.header.parent}, not on ${parent}`,
        );
        must(
          block.result.prior === (prior?.certificate.result ?? genesis.result),
          AGREEMENT,
          () => `the result of height ${height} of seat ${seat} does not continue the one below`,
        );
        must(
          block.header.epoch === signatures.terms.epoch &&
            block.certificate.epoch === signatures.terms.epoch,
          AGREEMENT,
          () => `height ${height} of seat ${seat} is not of epoch ${signatures.terms.epoch}`,
        );
        const flaw = flawOf(block) ?? signatures.flawOf(block.certificate, parent);
        must(flaw === null, "SameSeatSameValue", () => `height ${height} of seat ${seat}: ${flaw}`);
        chain.push(block);
        signatures.terms.follow(block.header);
      },
    },
  };
}

/** Certificates may differ, what they certify may not, nor what a seat keeps under it. */
function compare(known: Block, block: Block, seat: number): void {
  const { height } = block.header;
  must(
    known.certificate.block === block.certificate.block,
    AGREEMENT,
    () =>
      `two blocks at height ${height}: ${known.certificate.block}, and ${block.certificate.block} at seat ${seat}`,
  );
  const same =
    known.header.time === block.header.time &&
    known.result.root === block.result.root &&
    known.outcomes.length === block.outcomes.length &&
    known.outcomes.every((outcome, at) => outcome === block.outcomes[at]) &&
    known.entries.length === block.entries.length &&
    known.entries.every(({ writ, first, count }, at) => {
      const other = block.entries[at];
      return (
        first === other?.first &&
        count === other.count &&
        (writ === other.writ || digestOfWrit(writ) === digestOfWrit(other.writ))
      );
    });
  must(same, AGREEMENT, () => `seat ${seat} keeps another content under the block at ${height}`);
}

/** Where a block's texts and digests do not make one another. */
function flawOf({ header, entries, result, outcomes, certificate }: Block): string | null {
  if (certificate.height !== header.height) return "its certificate is of another height";
  if (digestOfBatch(header) !== certificate.batch) return "its header is not the certified batch";
  if (digestOfResult(result) !== certificate.result)
    return "its parts are not the certified result";
  if (result.count !== outcomes.length) return "it has more or fewer outcomes than certified";
  if (rootOf(outcomes) !== result.root) return "its outcomes do not make the root";
  if (entries.length !== header.entries.length) return "its entries are not those of its header";
  const other = entries.findIndex(({ writ, first, count, poison }, at) => {
    const [digested, from, size, proof] = header.entries[at] ?? [];
    const own = poison === undefined ? null : digestOfPoison(poison);
    return digested !== digestOfWrit(writ) || from !== first || size !== count || proof !== own;
  });
  return other === -1 ? null : `its entry ${other} is not that of its header`;
}
