/** What `GET /metrics` shows of courts, seats and Wardens, as they say of themselves. */
import type { SeatStatus, Stage, WardenStatus } from "../objects/shared/rpc.ts";
import type { CourtView, MemberView, Statuses } from "./court.ts";
import type { Family, Labels } from "./metrics.ts";

export interface MeasuredCourt {
  /** What r seats say. */
  readonly view: CourtView;
  readonly statuses: Statuses;
  /** Height that the Ledger's attestations reach; null where it cannot be read. */
  readonly attested: number | null;
}

export interface Measured {
  readonly generation: string;
  readonly mode: string;
  readonly courts: readonly MeasuredCourt[];
  /** By number; null for one that does not answer. */
  readonly wardens: readonly (WardenStatus | null)[];
}

const STAGES: Readonly<Record<Stage, true>> = {
  starting: true,
  restoring: true,
  replaying: true,
  verifying: true,
  ready: true,
  quarantined: true,
};

type Sample = readonly [Labels, number];

export function familiesOf(measured: Measured): Family[] {
  const { generation, mode } = measured;
  return [
    {
      name: "assize_deployment",
      type: "info",
      help: "What the deployment is.",
      samples: [[{ generation, mode }, 1]],
    },
    ...courtFamilies(measured),
    ...seatFamilies(measured),
    ...wardenFamilies(measured),
  ];
}

function courtFamilies({ courts }: Measured): Family[] {
  const gauge = (
    name: string,
    help: string,
    of: (court: MeasuredCourt) => number | null,
  ): Family => ({
    name: `assize_court_${name}`,
    type: "gauge",
    help,
    samples: courts.flatMap((court): Sample[] => {
      const value = of(court);
      return value === null ? [] : [[{ court: court.view.court }, value]];
    }),
  });
  return [
    gauge("height", "Highest height that enough seats say.", ({ view }) => view.height),
    gauge(
      "published_height",
      "Height that enough seats say is published.",
      ({ view }) => view.published,
    ),
    gauge(
      "attested_height",
      "Height that the Ledger's attestations reach.",
      ({ attested }) => attested,
    ),
    gauge("view", "View that enough seats are in.", ({ view }) => view.view),
    gauge("leader_seat", "Seat that leads this view.", ({ view }) => view.leader),
    gauge("quorum_seats", "Seats that it takes to decide.", ({ view }) => view.quorum),
    gauge(
      "ready_seats",
      "Seats that are ready to decide.",
      ({ view }) => view.members.filter(({ ready }) => ready).length,
    ),
  ];
}

/** What a seat says of itself. */
const OF_STATUS: readonly (readonly [
  Family["type"],
  string,
  string,
  (of: SeatStatus) => number,
])[] = [
  ["gauge", "height", "Its own height.", ({ height }) => height],
  ["gauge", "view", "Its own view.", ({ view }) => view],
  ["gauge", "published_height", "Height that it has seen published.", ({ published }) => published],
  [
    "gauge",
    "overloaded",
    "Whether its publish backlog is full.",
    ({ overloaded }) => bit(overloaded),
  ],
  ["gauge", "life", "Number of its present life.", ({ incarnation }) => incarnation],
  [
    "counter",
    "dropped_messages",
    "Messages and writs that it dropped in this life: malformed, forged, not for it.",
    ({ dropped }) => dropped,
  ],
  ["counter", "blocks", "Blocks that it decided in this life.", ({ work }) => work?.blocks ?? 0],
  ["counter", "events", "Submitted events in those blocks.", ({ work }) => work?.events ?? 0],
  ["counter", "calls", "Calls to other seats in this life.", ({ work }) => work?.calls ?? 0],
  [
    "counter",
    "sent",
    "UTF-16 units of the messages in those calls.",
    ({ work }) => work?.sent ?? 0,
  ],
  [
    "counter",
    "commits",
    "Transactions that it wrote in this life.",
    ({ work }) => work?.commits ?? 0,
  ],
];

interface MeasuredSeat {
  readonly labels: Labels;
  readonly member: MemberView;
  readonly status: SeatStatus | null;
}

function seatFamilies({ courts }: Measured): Family[] {
  const seats = courts.flatMap(({ view, statuses }) =>
    view.members.map((member): MeasuredSeat => ({
      labels: { court: view.court, seat: member.seat, region: member.region },
      member,
      status: statuses[member.seat] ?? null,
    })),
  );
  const gauge = (
    name: string,
    help: string,
    samplesOf: (seat: MeasuredSeat) => Sample[],
  ): Family => ({
    name: `assize_seat_${name}`,
    type: "gauge",
    help,
    samples: seats.flatMap(samplesOf),
  });
  return [
    gauge("up", "Whether the seat answers.", ({ labels, status }) => [
      [labels, bit(status !== null)],
    ]),
    gauge("ready", "Whether it is ready to decide.", ({ labels, member }) => [
      [labels, bit(member.ready)],
    ]),
    gauge(
      "dissents",
      "Differing results of the seat that more than f others keep on record.",
      ({ labels, member }) => [[labels, member.dissents]],
    ),
    { ...gauge("stage", "What it is at.", stagesOf), type: "stateset" },
    gauge("incidents", "Incidents that it keeps on record, by kind.", incidentsOf),
    ...OF_STATUS.map(([type, name, help, value]) => ({
      ...gauge(name, help, ({ labels, status }) =>
        status === null ? [] : [[labels, value(status)]],
      ),
      type,
    })),
  ];
}

/** One sample a stage, 1 for the one it is at. The label of a state set is its family's name. */
function stagesOf({ labels, status }: MeasuredSeat): Sample[] {
  if (status === null) return [];
  return Object.keys(STAGES).map((stage) => [
    { ...labels, assize_seat_stage: stage },
    bit(status.stage === stage),
  ]);
}

function incidentsOf({ labels, status }: MeasuredSeat): Sample[] {
  return Object.entries(status?.incidents ?? {}).map(([kind, kept]) => [{ ...labels, kind }, kept]);
}

function wardenFamilies({ wardens }: Measured): Family[] {
  const heard = wardens.filter((warden) => warden !== null);
  const of = (
    type: Family["type"],
    name: string,
    help: string,
    samplesOf: (status: WardenStatus) => Sample[],
  ): Family => ({ name: `assize_warden_${name}`, type, help, samples: heard.flatMap(samplesOf) });
  return [
    {
      name: "assize_warden_up",
      type: "gauge",
      help: "Whether the Warden answers.",
      samples: wardens.map((status, warden): Sample => [{ warden }, bit(status !== null)]),
    },
    of("gauge", "pending_events", "Events kept and undecided.", ({ warden, pending }) => [
      [{ warden }, pending],
    ]),
    of("gauge", "sealed_writs", "Writs sealed and undecided.", ({ warden, sealed }) =>
      sealed.map((writs, court): Sample => [{ warden, court }, writs]),
    ),
    of(
      "gauge",
      "halted_courts",
      "Courts that it takes nothing for, since it does not know what they were given.",
      ({ warden, halted }) => [[{ warden }, halted.length]],
    ),
    of(
      "counter",
      "answers",
      "Answers to submitted events in this life, by kind.",
      ({ warden, answers }) =>
        Object.entries(answers).map(([kind, given]): Sample => [{ warden, kind }, given]),
    ),
    of(
      "counter",
      "dropped_answers",
      "Answers of seats in this life that did not prove what they said.",
      ({ warden, dropped }) => [[{ warden }, dropped]],
    ),
  ];
}

const bit = (value: boolean): number => (value ? 1 : 0);
