/**
 * OnlySubmitted, InWardensOrder, OneUsePerKey, OneUsePerSending, BlockTimeNearTrue: an agreed block holds what clients sent, as Wardens sealed it, each event
 * once in effect, at a time that the clocks of honest seats bear out.
 */
import type { Writ } from "../../../objects/shared/types.ts";
import { digestOfWrit } from "./bytes.ts";
import type { Decided, Line } from "./decided.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import type { Signatures } from "./statements.ts";
import { rekeyedWarden } from "./terms.ts";

const TIME = "BlockTimeNearTrue";
/** Bounds of a fresh proposal's time around the clock of a seat that accepts it (config of spec/clerk.allium). */
const AHEAD_MS = 2_000;
const BEHIND_MS = 10_000;
const DOUBLINGS = 4;

export function validity(options: Options, { terms }: Signatures): Part {
  const submitted = new Set<string>();
  /**
   * By Warden, number and key all contents, the last one given last: a Warden that lost everything has another key, and gives its
   * numbers anew.
   */
  const sealed = new Map<string, string[]>();
  const lives = new Map<number, number>();
  /** Numbers whose Warden has had a row damaged since: once more it may not know what it sealed. */
  const doubtful = new Set<string>();
  const progress = new Map<number, Place>();
  return {
    on: {
      submitted({ event }) {
        submitted.add(event);
      },
      sealed({ warden, number, events }) {
        const place = `${warden}/${number}/${lives.get(warden) ?? 0}`;
        const text = events.join("\n");
        const before = sealed.get(place) ?? [text];
        const same = before.at(-1) === text;
        must(
          same || doubtful.delete(place),
          "SameBytesSameNumber",
          () => `Warden ${warden} gave writ ${number} two contents`,
        );
        sealed.set(place, same ? before : [...before, text]);
      },
      forgot({ warden, what }) {
        if (what === "everything") lives.set(warden, (lives.get(warden) ?? 0) + 1);
        if (what !== "a row") return;
        for (const place of sealed.keys()) if (place.startsWith(`${warden}/`)) doubtful.add(place);
      },
    },
    block({ block, height, lines }) {
      for (const { writ, first, count } of block.entries) {
        must(
          isSealed(writ, options, terms.wardenKey(block.header.epoch, writ.warden)),
          "OnlySubmitted",
          () =>
            `writ ${writ.number} of Warden ${writ.warden} at height ${height} has no seal of it`,
        );
        const text = writ.events.join("\n");
        const given = Array.from({ length: 1 + (lives.get(writ.warden) ?? 0) }, (_, life) =>
          sealed.get(`${writ.warden}/${writ.number}/${life}`),
        );
        must(
          !options.parties || given.some((texts) => texts?.includes(text)),
          "OnlySubmitted",
          () => `Warden ${writ.warden} gave nobody writ ${writ.number} of height ${height}`,
        );
        follow(progress, writ, first, count, height);
      }
      const rekeyed = rekeyedWarden(block.header);
      // Its numbers begin again under its new key.
      if (rekeyed !== null) progress.delete(rekeyed);
      if (!options.parties) return;
      for (const { submitted: event, index } of lines)
        must(
          event === null || submitted.has(event),
          "OnlySubmitted",
          () => `nobody submitted ${height}/${index}, ${event}`,
        );
    },
  };
}

function isSealed(writ: Writ, { court, verify }: Options, key: string | undefined): boolean {
  return key !== undefined && writ.court === court && verify(key, digestOfWrit(writ), writ.seal);
}

/** Where a Warden's writs go on. */
interface Place {
  readonly number: number;
  readonly next: number;
}

function follow(
  progress: Map<number, Place>,
  writ: Writ,
  first: number,
  count: number,
  height: number,
): void {
  const { warden, number, events } = writ;
  const at = progress.get(warden) ?? { number: 1, next: 0 };
  must(
    number === at.number && first === at.next && count >= 1 && first + count <= events.length,
    "InWardensOrder",
    () =>
      `height ${height} has ${number}/${first} of Warden ${warden} where ${at.number}/${at.next} follows`,
  );
  const next = first + count;
  progress.set(warden, next === events.length ? { number: number + 1, next: 0 } : { number, next });
}

/** Whatever it came to, an event took its key up unless the outcome says that the key was taken. */
export function tookItsKey({ outcome }: Pick<Line, "outcome">): boolean {
  return outcome.status !== "duplicate" && outcome.reason?.code !== "key_reused";
}

export function keysOnce({ retentionMs }: Options): Part {
  const used = new Map<string, Decided & { readonly index: number; readonly text: string }>();
  return {
    block(decided) {
      const { height, time } = decided;
      for (const { event, outcome, index, text } of decided.lines) {
        if (event === null) continue;
        const key = JSON.stringify([event.tenant, event.source, event.id]);
        const first = used.get(key);
        const live = first !== undefined && first.time + retentionMs >= time;
        if (tookItsKey({ outcome })) {
          must(
            !live,
            "OneUsePerKey",
            () =>
              `the key of ${height}/${index} is in use since ${first?.height}/${first?.index}: ${text}`,
          );
          used.set(key, { ...decided, index, text });
          continue;
        }
        const refers =
          outcome.status !== "duplicate" ||
          (outcome.first?.height === first?.height && outcome.first?.index === first?.index);
        must(
          live && refers,
          "OneUsePerKey",
          () => `${height}/${index} refers to a use of its key that is not there: ${text}`,
        );
      }
    },
  };
}

/**
 * However long it took: a sender that says when it sent an event is never served twice, whatever the seats have forgotten by then. But
 * if a Warden lost its answers, and the court then stood still until the seats' memory of the key had ended too, nobody is left who knows.
 */
export function sendingsOnce({ retentionMs }: Options): Part {
  const served = new Map<string, { readonly place: string; readonly time: number }>();
  /** Served before some Warden lost its answers. */
  const unknown = new Set<string>();
  return {
    on: {
      forgot() {
        for (const event of served.keys()) unknown.add(event);
      },
    },
    block({ height, lines, time }) {
      for (const { event, submitted, outcome, index } of lines) {
        if (submitted === null || event?.sentat === undefined || !tookItsKey({ outcome })) continue;
        const before = served.get(submitted);
        const lost = unknown.has(submitted) && time > (before?.time ?? 0) + retentionMs;
        must(
          before === undefined || lost,
          "OneUsePerSending",
          () => `${height}/${index} was decided at ${before?.place} before: ${submitted}`,
        );
        served.set(submitted, { place: `${height}/${index}`, time });
        unknown.delete(submitted);
      }
    },
  };
}

/** A batch proposed again in a later view keeps its time: only those who voted where it was first voted for have judged that. */
export function blockTimes({ liars, genesis, skewMs }: Options): Part {
  /** By batch: the view of the first vote. */
  const accepted = new Map<string, number>();
  const judged = new Set<string>();
  /** View in which each seat's last block was decided. */
  const views = new Map<number, number>();
  let before = genesis.time;
  return {
    on: {
      agreed({ seat, block }) {
        views.set(seat, block.certificate.view);
      },
      wiped({ seat }) {
        views.delete(seat);
      },
      stored({ seat, durable }, at) {
        if (liars.has(seat) || durable.vote === null) return;
        const { header, prepare } = durable.vote;
        if (judged.has(prepare.signature)) return;
        judged.add(prepare.signature);
        const first = accepted.get(prepare.batch) ?? prepare.view;
        accepted.set(prepare.batch, first);
        if (first < prepare.view) return;
        // Each failed view is a view left.
        const failed = Math.min(prepare.view - (views.get(seat) ?? 0), DOUBLINGS);
        const skew = skewMs[seat] ?? 0;
        const off = header.time - at;
        must(
          off <= AHEAD_MS + skew && -off <= BEHIND_MS * 2 ** failed + skew,
          TIME,
          () => `seat ${seat} voted for a batch at ${header.time}, ${off} ms from true time`,
        );
      },
    },
    block({ block, height, time }) {
      must(time > before, TIME, () => `height ${height} is at ${time}, not after ${before}`);
      before = time;
      must(
        accepted.has(block.certificate.batch),
        TIME,
        () => `no honest seat voted for the batch of height ${height}`,
      );
    },
  };
}
