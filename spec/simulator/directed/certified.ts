/**
 * OneCertificate: of no two blocks of a height can anybody hold certificates. Liars may sign whatever they like whenever they like, so a
 * certificate is within reach as soon as the honest seats alone make the rest of a quorum: two blocks need not be decided to be found.
 */
import { must } from "../checkers/part.ts";
import type { Options, Part } from "../checkers/part.ts";

export function oneCertificate({ liars, q }: Options): Part {
  const needed = q - liars.size;
  /** Honest signers by height, view and block. */
  const signers = new Map<string, Set<number>>();
  const blocks = new Map<number, string>();
  const seen = new WeakSet();
  return {
    on: {
      stored({ seat, durable: { commit } }) {
        if (liars.has(seat) || commit === null || seen.has(commit)) return;
        seen.add(commit);
        const { height, view, block } = commit;
        const key = `${height}/${view}/${block}`;
        const of = signers.get(key) ?? new Set<number>();
        signers.set(key, of.add(seat));
        if (of.size < needed) return;
        const known = blocks.get(height) ?? block;
        must(
          known === block,
          "OneCertificate",
          () => `height ${height} can be certified as ${known} and as ${block}`,
        );
        blocks.set(height, block);
      },
    },
  };
}
