/** What `GET /metrics` shows of courts, seats and Wardens, as they say of themselves. */
import type { Stage, WardenStatus } from "../objects/shared/rpc.ts";
import type { CourtView, Statuses } from "./court.ts";
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

function seatFamilies({ courts }: Measured): Family[] {
  const seats = courts.flatMap(({ view, statuses }) =>
    view.members.map((member) => ({
      labels: { court: view.court, seat: member.seat, region: member.region },
      member,
      status: statuses[member.seat] ?? null,
    })),
  );
  const heard = seats.flatMap(({ labels, status }) =>
    status === null ? [] : [{ labels, status }],
  );
  const of = (
    type: Family["type"],
    name: string,
    help: string,
    samples: readonly Sample[],
  ): Family => ({ name: `assize_seat_${name}`, type, help, samples });
  type Heard = (typeof heard)[number]["status"];
  const each = (value: (status: Heard) => number): Sample[] =>
    heard.map(({ labels, status }) => [labels, value(status)]);
  return [
    of(
      "gauge",
      "up",
      "Whether the seat answers.",
      seats.map(({ labels, status }) => [labels, bit(status !== null)]),
    ),
    of(
      "gauge",
      "ready",
      "Whether it is ready to decide.",
      seats.map(({ labels, member }) => [labels, bit(member.ready)]),
    ),
    of(
      "stateset",
      "stage",
      "What it is at.",
      heard.flatMap(({ labels, status }) =>
        Object.keys(STAGES).map((stage): Sample => [
          { ...labels, assize_seat_stage: stage },
          bit(status.stage === stage),
        ]),
      ),
    ),
    of(
      "gauge",
      "height",
      "Its own height.",
      each(({ height }) => height),
    ),
    of(
      "gauge",
      "view",
      "Its own view.",
      each(({ view }) => view),
    ),
    of(
      "gauge",
      "published_height",
      "Height that it has seen published.",
      each(({ published }) => published),
    ),
    of(
      "gauge",
      "overloaded",
      "Whether its publish backlog is full.",
      each(({ overloaded }) => bit(overloaded)),
    ),
    of(
      "gauge",
      "life",
      "Number of its present life.",
      each(({ incarnation }) => incarnation),
    ),
    of(
      "gauge",
      "dissents",
      "Differing results of the seat that more than f others keep on record.",
      seats.map(({ labels, member }) => [labels, member.dissents]),
    ),
    of(
      "gauge",
      "incidents",
      "Incidents that it keeps on record, by kind.",
      heard.flatMap(({ labels, status }) =>
        Object.entries(status.incidents).map(([kind, kept]): Sample => [{ ...labels, kind }, kept]),
      ),
    ),
    of(
      "counter",
      "dropped_messages",
      "Messages and writs that it dropped in this life: malformed, forged, not for it.",
      each(({ dropped }) => dropped),
    ),
  ];
}

function wardenFamilies({ wardens }: Measured): Family[] {
  const heard = wardens.filter((warden) => warden !== null);
  const of = (
    type: Family["type"],
    name: string,
    help: string,
    samples: readonly Sample[],
  ): Family => ({ name: `assize_warden_${name}`, type, help, samples });
  return [
    of(
      "gauge",
      "up",
      "Whether the Warden answers.",
      wardens.map((status, warden) => [{ warden }, bit(status !== null)]),
    ),
    of(
      "gauge",
      "pending_events",
      "Events kept and undecided.",
      heard.map(({ warden, pending }) => [{ warden }, pending]),
    ),
    of(
      "gauge",
      "sealed_writs",
      "Writs sealed and undecided.",
      heard.flatMap(({ warden, sealed }) =>
        sealed.map((writs, court): Sample => [{ warden, court }, writs]),
      ),
    ),
    of(
      "gauge",
      "halted_courts",
      "Courts that it takes nothing for, since it does not know what they were given.",
      heard.map(({ warden, halted }) => [{ warden }, halted.length]),
    ),
    of(
      "counter",
      "answers",
      "Answers to submitted events in this life, by kind.",
      heard.flatMap(({ warden, answers }) =>
        Object.entries(answers).map(([kind, given]): Sample => [{ warden, kind }, given]),
      ),
    ),
    of(
      "counter",
      "dropped_answers",
      "Answers of seats in this life that did not prove what they said.",
      heard.map(({ warden, dropped }) => [{ warden }, dropped]),
    ),
  ];
}

const bit = (value: boolean): number => (value ? 1 : 0);
