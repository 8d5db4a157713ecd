/** Small charts, drawn on the server: one path each, and what they show in words. */
import type { SecondOfLate } from "../../objects/shared/rpc.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { count, rate } from "./words.ts";
import { ratesOf } from "./scene.ts";
import type { Inside } from "./scene.ts";

const WIDTH = 360;
const HEIGHT = 72;
/** Seconds that the figures beside the charts are over. */
const OVER = 10;

/** A power of ten times 1, 2 or 5, at least the value: so that the scale does not move with every event. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/** One value for each second of the window, the running one left out; zero where nothing was decided. */
export function valuesOf(
  { seconds, upTo }: Pick<Inside, "seconds" | "upTo">,
  of: (second: SecondOfLate) => number,
): number[] {
  const known = new Map(seconds.map((each) => [each.second, of(each)]));
  const from = upTo - LIMITS.glimpseSeconds;
  return Array.from({ length: LIMITS.glimpseSeconds }, (_, at) => known.get(from + at) ?? 0);
}

/** A bar for each value above zero, as one path. */
export function barsOf(values: readonly number[], top: number): string {
  const step = WIDTH / values.length;
  return values
    .map((value, at) => {
      if (value <= 0) return "";
      const tall = Math.max(1, Math.round((Math.min(value, top) / top) * HEIGHT));
      return `M${round(at * step)} ${HEIGHT}v-${tall}h${round(step * 0.7)}v${tall}z`;
    })
    .join("");
}

const round = (number: number): number => Math.round(number * 10) / 10;

interface Drawn {
  readonly title: string;
  readonly now: string;
  readonly aside: string;
  readonly values: readonly number[];
  /** Drawn behind, paler: the most of the same seconds. */
  readonly most?: readonly number[];
  readonly unit: string;
}

function Chart({ title, now, aside, values, most = [], unit }: Drawn) {
  const top = roundUp(Math.max(1, ...values, ...most));
  const said = `${title} over the last two minutes: ${now} now, ${rate(Math.max(0, ...values, ...most))} at most.`;
  return (
    <figure class="chart">
      <figcaption>
        <span class="label">{title}</span>
        <span class="now">{now}</span>
        <span class="aside">{aside}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={said}
        preserveAspectRatio="none"
      >
        <line class="grid" x1="0" x2={WIDTH} y1="0.5" y2="0.5" />
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        {most.length === 0 ? null : <path class="most" d={barsOf(most, top)} />}
        <path class="bars" d={barsOf(values, top)} />
        <line class="base" x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      </svg>
      <p class="scale" aria-hidden="true">
        <span>2 min ago</span>
        <span>
          top of the scale {count(top)} {unit}
        </span>
        <span>now</span>
      </p>
    </figure>
  );
}

export function Charts({ inside }: { readonly inside: Inside }) {
  const { eventsPerSecond, blocksPerSecond, meanMs, slowestMs } = ratesOf(inside, OVER);
  return (
    <div class="charts">
      <Chart
        title="Events per second"
        now={rate(eventsPerSecond)}
        aside={`${rate(blocksPerSecond)} blocks a second`}
        values={valuesOf(inside, ({ events }) => events)}
        unit="events"
      />
      <Chart
        title="Agreement takes"
        now={meanMs === null ? "–" : `${rate(meanMs)} ms`}
        aside={meanMs === null ? "nothing decided lately" : `slowest ${count(slowestMs)} ms`}
        values={valuesOf(inside, ({ tookMs, blocks }) => (blocks === 0 ? 0 : tookMs / blocks))}
        most={valuesOf(inside, (second) => second.slowestMs)}
        unit="ms"
      />
    </div>
  );
}
