/** Runs directed schedules by their numbers. */
import { Violation } from "../history.ts";
import type { Result } from "../run.ts";
import { Trace } from "../trace.ts";
import { Play } from "./play.ts";
import type { Otherwise } from "./play.ts";
import { LIVENESS } from "./stage.ts";
import { scheduleOf } from "./schedule.ts";
import type { Schedule } from "./schedule.ts";

export type { Watched } from "./staging.ts";

export interface Directed {
  readonly schedule: Schedule;
  readonly steps: number;
  readonly heights: number;
  readonly views: number;
  readonly violation: { readonly property: string; readonly detail: string } | null;
}

/** A violation is told, not thrown. */
export function runDirected(index: number, otherwise: Otherwise = {}, trace?: Trace): Directed {
  const schedule = scheduleOf(index);
  const play = new Play(schedule, otherwise);
  if (trace !== undefined) play.stage.history.watch((noted) => trace.add(noted));
  let violation: Directed["violation"] = null;
  try {
    play.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = { property: error.property, detail: error.message };
  }
  const honest = play.stage.honest();
  return {
    schedule,
    steps: play.stage.steps,
    heights: Math.max(0, ...honest.map(({ chain }) => chain.length)),
    views: Math.max(0, ...honest.map(({ core }) => core.view)),
    violation,
  };
}

/** As a seeded run tells it. */
export function directedResult(index: number): Omit<Result, "drawn"> {
  const trace = new Trace();
  const { schedule, steps, heights, violation, views } = runDirected(index, {}, trace);
  return {
    seed: index,
    parameters: printed(schedule),
    failure: violation === null ? null : { kind: kindOf(violation.property), ...violation },
    digest: trace.digest(),
    events: steps,
    counts: { "heights decided": heights, "views entered": views },
    trace: violation === null ? [] : trace.lines(),
  };
}

function kindOf(property: string): "safety" | "liveness" | "crash" {
  if (property === LIVENESS) return "liveness";
  return property === "crash" ? "crash" : "safety";
}

/** One line for each view. */
function printed({ index, liar, lie, corrupt, phases, heals, shuffled }: Schedule): string[] {
  const kind = `${lie}${corrupt ? ", computes wrongly" : ""}`;
  return [
    `directed run ${index}: seat ${liar} lies: ${kind}; in ${shuffled ? "any" : "their"} order${heals ? "; heals" : ""}`,
    ...phases.map((phase, at) => {
      const { sides, reach, one, late, again, restarts, restartsLate } = phase;
      const whose = one === -1 ? "the leader" : `honest seat ${one}`;
      const started = [restarts, restartsLate].filter((seat) => seat !== null);
      return `view ${at}: sides ${sides.join("")}, ${reach} (${whose}), late: ${late}, again: ${again}, starts anew: ${started.join(" ") || "none"}`;
    }),
  ];
}
