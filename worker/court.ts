/** A court as its seats describe it; what one seat alone says of the court or of another seat is not believed. */
import { leaderOf } from "../objects/shared/quorum.ts";
import type { Quorum } from "../objects/shared/quorum.ts";
import type { Progress, SeatStatus, Stage } from "../objects/shared/rpc.ts";
import { timestamp } from "../objects/shared/settled.ts";

export interface MemberView {
  readonly seat: number;
  readonly region: string;
  readonly publicKey: string;
  readonly role: "leader" | "follower";
  /** Null while the seat cannot be reached, as is the height. */
  readonly view: number | null;
  readonly height: number | null;
  readonly stage: Stage | "unreachable";
  readonly ready: boolean;
  /** Why it is not ready, for people. */
  readonly reason?: string;
  /** How far it is with its stage, where there is something to count. */
  readonly progress?: Progress;
  readonly lastSeen: string | null;
  /** Differing results of this seat that more than f others have recorded. */
  readonly dissents: number;
}

export interface CourtView {
  readonly court: number;
  readonly mode: string;
  readonly quorum: number;
  readonly view: number;
  readonly leader: number;
  readonly height: number;
  readonly published: number;
  readonly members: readonly MemberView[];
}

/** What does not depend on what the seats say. */
export interface CourtFacts {
  readonly court: number;
  readonly quorum: Quorum;
  readonly regions: readonly string[];
  /** Of the last term known. */
  readonly publicKeys: readonly string[];
}

/** Statuses by seat, null where none came. */
export type Statuses = readonly (SeatStatus | null)[];

// Rule: DescribeCourt.
export function courtView(
  { court, quorum, regions, publicKeys }: CourtFacts,
  statuses: Statuses,
): CourtView {
  const heard = statuses.filter((status) => status !== null);
  const view = reached(
    heard.map((status) => status.view),
    quorum.r,
  );
  const leader = leaderOf(view, quorum.n);
  const members = statuses.map((status, seat): MemberView => {
    const others = heard.filter((other) => other.seat !== seat);
    const place = {
      seat,
      region: regions[seat] ?? "",
      publicKey: publicKeys[seat] ?? "",
      role: seat === leader ? ("leader" as const) : ("follower" as const),
    };
    const dissents = atRank(
      others.map((other) => other.dissents[seat] ?? 0),
      quorum.f + 1,
    );
    if (status === null) {
      const last = reached(
        others.map((other) => other.heard[seat] ?? 0),
        quorum.r,
      );
      const lastSeen = last === 0 ? null : timestamp(last);
      return {
        ...place,
        view: null,
        height: null,
        stage: "unreachable",
        ready: false,
        lastSeen,
        dissents,
      };
    }
    const { stage, ready, reason, progress, height } = status;
    const seen = {
      view: status.view,
      height,
      stage,
      ready,
      lastSeen: timestamp(status.now),
      dissents,
    };
    const why = reason === null ? {} : { reason };
    return { ...place, ...seen, ...why, ...(progress === null ? {} : { progress }) };
  });
  const height = reached(
    heard.map((status) => status.height),
    quorum.r,
  );
  const published = reached(
    heard.map((status) => status.published),
    quorum.r,
  );
  return { court, mode: quorum.mode, quorum: quorum.q, view, leader, height, published, members };
}

/** What r seats have reached, so that one honest seat is among them; where fewer answer, the least they say. */
function reached(values: readonly number[], r: number): number {
  return atRank(values, Math.min(r, values.length));
}

/** The rank-th highest, or 0 where there is none. */
function atRank(values: readonly number[], rank: number): number {
  return values.toSorted((a, b) => b - a)[rank - 1] ?? 0;
}

/** Why a court cannot agree now, or nothing. `genesis` is the digest that its seats must have. */
export function notReady(
  court: number,
  { q, n }: Quorum,
  genesis: string,
  statuses: Statuses,
): string[] {
  const ready = statuses.filter((status) => status?.ready === true && status.genesis === genesis);
  if (ready.length >= q) return [];
  const others = statuses.flatMap((status, seat) => {
    if (status === null) return [`seat ${seat} does not answer`];
    if (!status.ready)
      return [
        `seat ${seat} is ${status.stage}${status.reason === null ? "" : `: ${status.reason}`}`,
      ];
    return status.genesis === genesis ? [] : [`seat ${seat} has another genesis`];
  });
  return [
    `court ${court} has ${ready.length} of ${n} seats ready and needs ${q}: ${others.join("; ")}`,
  ];
}
