/** OpenMetrics 1.0 as a strict scraper reads it: families in one piece, each declared before its samples, one sample for each label set. */
import { expect } from "vitest";

export interface Scraped {
  readonly types: ReadonlyMap<string, string>;
  /** By name and labels as they are written. */
  readonly samples: ReadonlyMap<string, number>;
}

const SUFFIX: Readonly<Record<string, string>> = {
  gauge: "",
  counter: "_total",
  info: "_info",
  stateset: "",
};
const LABELS = /^\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*"(?:,(?!\})|(?=\})))+\}$/;

/** Fails for a text that is not of the format. */
export function scraped(text: string): Scraped {
  const lines = text.split("\n");
  expect(lines.slice(-2)).toEqual(["# EOF", ""]);
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  let family = "";
  for (const line of lines.slice(0, -2)) {
    const [, keyword, name = "", rest = ""] = /^# (TYPE|HELP) ([a-z_]+) (.*)$/.exec(line) ?? [];
    if (keyword === "TYPE") {
      expect([line, types.has(name), rest in SUFFIX]).toEqual([line, false, true]);
      types.set(name, rest);
      family = name;
    } else if (keyword === "HELP") expect([line, name]).toEqual([line, family]);
    else {
      const [, sample = "", labels = "", value = ""] =
        /^([a-z_]+)(\{.*\})? (-?\d+)$/.exec(line) ?? [];
      expect([line, sample]).toEqual([line, `${family}${SUFFIX[types.get(family) ?? ""]}`]);
      if (labels !== "") expect(labels).toMatch(LABELS);
      expect([line, samples.has(`${sample}${labels}`)]).toEqual([line, false]);
      samples.set(`${sample}${labels}`, Number(value));
    }
  }
  return { types, samples };
}
