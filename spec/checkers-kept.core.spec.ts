/** The checker of what Wardens forget finds an answer that ends too soon, and is content with one that does not. */
import { describe, expect, it } from "vitest";
import { brokenBy } from "./kit/film.ts";
import { RETENTION_MS } from "../kit/memory.ts";
import { Scene } from "./kit/scene.ts";
import { kept } from "./simulator/checkers/kept.ts";

describe("what a Warden forgets of itself", () => {
  const forgetting = (ms: number, published: number): string | null => {
    const made = new Scene();
    made.submit("event");
    made.note({ kind: "published", seat: 0, height: published });
    made.now += ms;
    made.note({ kind: "dropped", warden: 0, answers: [{ event: "event", height: 2 }] });
    return brokenBy(made.noted, [kept(made.options)]);
  };

  it("KeptForItsWindow: before a window and a clock bound have gone by since it was sent", () => {
    expect(forgetting(RETENTION_MS, 2)).toBeNull();
    expect(forgetting(RETENTION_MS - 1, 2)).toBe("KeptForItsWindow");
  });

  it("KeptUntilPublished: before an honest seat says that it is published", () => {
    expect(forgetting(RETENTION_MS, 1)).toBe("KeptUntilPublished");
  });
});
