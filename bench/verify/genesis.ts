// The one document a deployment starts from: who signs, how many it takes, and which court decides what.
import { tagged } from "./bytes.ts";
import { Domains } from "./domains.ts";
import type { Flaws } from "./flaws.ts";
import type { Genesis, GenesisDocument } from "./shapes.ts";
import type { Signatures } from "./signatures.ts";

const PROTOCOL = 1;
/** The seats that each mode is for. */
const SEATS = { bft: [4, 7], detect: [2], solo: [1] } as const;

export interface Quorum {
  readonly n: number;
  /** Seats that may be faulty in any way. */
  readonly f: number;
  /** Signatures that decide. */
  readonly q: number;
  /** Seats whose word is believed when they say the same. */
  readonly r: number;
}

export function quorumOf({ mode, seats: n }: GenesisDocument): Quorum {
  const f = mode === "bft" ? (n - 1) / 3 : 0;
  return { n, f, q: n - f, r: n === 2 ? 2 : f + 1 };
}

export function genesisDigest(document: GenesisDocument): string {
  return tagged("genesis", [document]);
}

export function seatName({ generation }: GenesisDocument, court: number, seat: number): string {
  return `${generation}/clerk/${court}/${seat}`;
}

export function wardenName({ generation }: GenesisDocument, warden: number): string {
  return `${generation}/warden/${warden}`;
}

/** The court that decides the events of a partition. */
export function courtOf({ courts }: GenesisDocument, tenant: string, partition: string): number {
  if (courts === 1) return 0;
  return Number.parseInt(tagged("court", [tenant, partition]).slice(0, 8), 16) % courts;
}

/** Whether blocks can be checked against it at all; every other flaw is added and gone on from. */
// Rules: FindOtherGenesis, FindUnknownDomain.
export function isUsable(
  { document, signatures }: Genesis,
  pinned: string | null,
  flaws: Flaws,
  signed: Signatures,
): boolean {
  const digest = genesisDigest(document);
  const add = (what: string): void => flaws.add({ kind: "genesis", what });
  if (pinned !== null)
    flaws.compare(
      "genesis",
      "the genesis is not the pinned one",
      {},
      { expected: pinned, found: digest },
    );
  const seats: readonly number[] = SEATS[document.mode];
  if (document.protocol !== PROTOCOL || !seats.includes(document.seats)) {
    add(
      `protocol ${document.protocol} with ${document.seats} seats in mode ${document.mode} is none that there is`,
    );
    return false;
  }
  const { unknown } = new Domains(document);
  if (unknown.length > 0) {
    add(`the domain ${unknown.join(", ")} is not of this build, so no outcome can be made again`);
    return false;
  }
  const clerks = numbers(document.courts).flatMap((court) =>
    numbers(document.seats).map((seat) => seatName(document, court, seat)),
  );
  const wardens = numbers(document.wardens).map((warden) => wardenName(document, warden));
  const names = new Set([...clerks, ...wardens]);
  for (const name of names)
    if (!Object.hasOwn(document.keys, name)) add(`the genesis has no key of ${name}`);
  for (const name of Object.keys(document.keys))
    if (!names.has(name)) add(`the genesis has a key of ${name}, who is nobody`);
  if (new Set(Object.values(document.keys)).size !== Object.keys(document.keys).length)
    add("the genesis gives one key to two");
  for (const name of clerks)
    if (!signed.isBy(document.keys[name], digest, signatures[name] ?? ""))
      add(`the genesis lacks a valid signature of ${name}`);
  return true;
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
