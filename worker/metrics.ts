/** OpenMetrics 1.0: families of samples, and their text. What is measured stands in `measured.ts`. */

export type Labels = Readonly<Record<string, string | number>>;

/** A counter's samples bear the suffix `_total`, a state set one sample for each state. */
export interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter" | "info" | "stateset";
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

const SUFFIX = { gauge: "", counter: "_total", info: "_info", stateset: "" } as const;

export const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

export function metricsText(families: readonly Family[]): string {
  return [...families.map(familyText), "# EOF\n"].join("");
}

function familyText({ name, type, help, samples }: Family): string {
  const head = `# TYPE ${name} ${type}\n# HELP ${name} ${escaped(help)}\n`;
  const lines = samples.map(
    ([labels, value]) => `${name}${SUFFIX[type]}${labelsText(labels)} ${value}\n`,
  );
  return head + lines.join("");
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(String(value))}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
