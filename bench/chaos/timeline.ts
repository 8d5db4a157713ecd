// A picture of one scenario: answers a second, the blows as bands, the height of each seat, changes of view.
import type { Sample } from "./arena.ts";
import type { Seen } from "./stage.ts";

const WIDTH = 1000;
const LEFT = 64;
const RIGHT = 16;
const RATE = { top: 56, height: 150 };
const HEIGHTS = { top: 246, height: 150 };
const TOTAL = 440;
const COLOURS = ["#1b6ca8", "#c4501b", "#2e7d32", "#7b3fa0"];
const STEPS = [1, 2, 5];

interface Panel {
  readonly top: number;
  readonly height: number;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const fixed = (value: number): string => String(Math.round(value * 10) / 10);

/** Self-contained SVG; times are seconds from the beginning of the load. */
export function timelineOf(title: string, seen: Seen): string {
  const { from, to, struck, samples } = seen;
  const end = Math.max(to, ...struck.map(({ recovered }) => recovered)) - from;
  const x = (at: number): number =>
    LEFT + ((WIDTH - LEFT - RIGHT) * Math.min(Math.max(at - from, 0), end)) / end;
  const parts = [
    `<text x="${LEFT}" y="20" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...struck.map(({ label, at, over, recovered }, index) => {
      const y = RATE.top - 4;
      const band = (a: number, b: number, fill: string): string =>
        `<rect x="${fixed(x(a))}" y="${y}" width="${fixed(Math.max(x(b) - x(a), 1))}" height="${HEIGHTS.top + HEIGHTS.height - y}" fill="${fill}"/>`;
      const name = `<text x="${fixed(x(at) + 2)}" y="${34 + (index % 2) * 13}" font-size="9">${escaped(label)}</text>`;
      return `<g><title>${escaped(label)}</title>${band(at, over, "#f6c7c3")}${band(over, recovered, "#fbe9c6")}${name}</g>`;
    }),
    rate(seen, x, end),
    heights(seen, x),
    ...viewChanges(samples).map(({ at, view }) => {
      const line = `<line x1="${fixed(x(at))}" x2="${fixed(x(at))}" y1="${HEIGHTS.top}" y2="${HEIGHTS.top + HEIGHTS.height}" stroke="#555" stroke-dasharray="2 2"/>`;
      return `<g>${line}<text x="${fixed(x(at) + 2)}" y="${HEIGHTS.top + 10}" font-size="9">view ${view}</text></g>`;
    }),
    axis(end),
    `<text x="${LEFT}" y="${TOTAL - 6}" font-size="10">red: the harm lasts · yellow: until all seats vote at one height · dashed: another view · gaps in a seat's line: not reachable</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOTAL}" font-family="sans-serif" fill="#222"><rect width="100%" height="100%" fill="#fff"/>${parts.join("\n")}</svg>\n`;
}

/** A court of which too few seats are reached does not know its view. */
function viewChanges(samples: readonly Sample[]): { at: number; view: number }[] {
  const known = samples.flatMap(({ at, court }) => {
    const reached = court?.members.filter(({ height }) => height !== null).length ?? 0;
    return court !== null && reached >= court.quorum ? [{ at, view: court.view }] : [];
  });
  return known.filter(({ view }, index) => index > 0 && view !== known[index - 1]?.view);
}

function rate({ log, from }: Seen, x: (at: number) => number, end: number): string {
  const width = Math.max(end / 200, 250);
  const bins = Array.from({ length: Math.ceil(end / width) + 1 }, () => 0);
  for (const { at, events } of log.arrivals) {
    const bin = Math.floor((at - from) / width);
    bins[bin] = (bins[bin] ?? 0) + (events * 1000) / width;
  }
  const most = Math.max(1, ...bins);
  const y = scaleOf(RATE, most);
  const bars = bins.map((perSecond, bin) => {
    const [a, b] = [x(from + bin * width), x(from + (bin + 1) * width)];
    return `<rect x="${fixed(a)}" y="${fixed(y(perSecond))}" width="${fixed(Math.max(b - a - 0.3, 0.3))}" height="${fixed(RATE.top + RATE.height - y(perSecond))}" fill="#5b8fb9"/>`;
  });
  return bars.join("") + frame(RATE, "answers a second", most);
}

function heights({ samples }: Seen, x: (at: number) => number): string {
  const seen = samples.flatMap(
    ({ court }) => court?.members.map(({ height }) => height ?? 0) ?? [],
  );
  const most = Math.max(1, ...seen);
  const y = scaleOf(HEIGHTS, most);
  const seats = samples.find(({ court }) => court !== null)?.court?.members ?? [];
  const lines = seats.map(({ seat }) => {
    let path = "";
    let down = true;
    for (const { at, court } of samples) {
      const height = court?.members[seat]?.height ?? null;
      // Seats that go together would hide one another.
      if (height !== null)
        path += `${down ? "M" : "L"}${fixed(x(at))} ${fixed(y(height) + seat * 2)}`;
      down = height === null;
    }
    const colour = COLOURS[seat % COLOURS.length];
    const name = `<text x="${LEFT + 6}" y="${HEIGHTS.top + 24 + seat * 12}" font-size="10" fill="${colour}">seat ${seat}</text>`;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>${name}`;
  });
  return lines.join("") + frame(HEIGHTS, "height", most);
}

const scaleOf =
  ({ top, height }: Panel, most: number) =>
  (value: number): number =>
    top + height - (height * value) / most;

function frame({ top, height }: Panel, name: string, most: number): string {
  const bottom = top + height;
  return (
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}" stroke="#222"/>` +
    `<text x="${LEFT - 6}" y="${top + 8}" font-size="10" text-anchor="end">${Math.round(most)}</text>` +
    `<text x="${LEFT - 6}" y="${bottom}" font-size="10" text-anchor="end">0</text>` +
    `<text x="14" y="${top + height / 2}" font-size="10" transform="rotate(-90 14 ${top + height / 2})" text-anchor="middle">${name}</text>`
  );
}

/** Seconds, about ten of them written. */
function axis(end: number): string {
  const rough = end / 1000 / 10;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((each) => each * magnitude >= rough) ?? 10) * magnitude;
  const marks = Array.from({ length: Math.floor(end / 1000 / step) + 1 }, (_, mark) => {
    const at = LEFT + ((WIDTH - LEFT - RIGHT) * mark * step * 1000) / end;
    return `<text x="${fixed(at)}" y="${HEIGHTS.top + HEIGHTS.height + 14}" font-size="10" text-anchor="middle">${fixed(mark * step)} s</text>`;
  });
  return marks.join("");
}
