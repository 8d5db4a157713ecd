/**
 * KeptForItsWindow, KeptUntilPublished (`ExpireSettledEntry` of spec/warden.allium): what a Warden forgets of itself was sent longer
 * ago than a window and a clock bound, and an honest seat said that it is published.
 */
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";

export function kept({ liars, retentionMs }: Options): Part {
  /** By event: when it was first sent. */
  const sent = new Map<string, number>();
  let published = 0;
  return {
    on: {
      submitted({ event }, at) {
        if (!sent.has(event)) sent.set(event, at);
      },
      published({ seat, height }) {
        if (!liars.has(seat)) published = Math.max(published, height);
      },
      dropped({ warden, answers }, at) {
        for (const { event, height } of answers) {
          const since = at - (sent.get(event) ?? at);
          must(
            since >= retentionMs,
            "KeptForItsWindow",
            () => `Warden ${warden} forgot ${event} ${since} ms after it was sent`,
          );
          must(
            height <= published,
            "KeptUntilPublished",
            () => `Warden ${warden} forgot ${event} of height ${height}, published is ${published}`,
          );
        }
      },
    },
  };
}
