/** Every object's name comes from here: a wrong name yields a fresh, obedient, empty object. */
import type { Deployment } from "./config.ts";
import { digest } from "./digests.ts";

export type Officer =
  | { readonly kind: "warden"; readonly warden: number }
  | { readonly kind: "clerk"; readonly court: number; readonly seat: number }
  | {
      readonly kind: "registrar";
      readonly court: number;
      readonly seat: number;
      readonly shard: number;
    };

export function nameOf(generation: string, officer: Officer): string {
  switch (officer.kind) {
    case "warden":
      return `${generation}/warden/${officer.warden}`;
    case "clerk":
      return `${generation}/clerk/${officer.court}/${officer.seat}`;
    case "registrar":
      return `${generation}/registrar/${officer.court}/${officer.seat}/${officer.shard}`;
  }
}

/** The officer a name stands for in this deployment, or null: such an object refuses everything. */
export function officerOf(name: string, deployment: Deployment): Officer | null {
  const { generation, courts, quorum, wardens, registrars } = deployment;
  const [first, kind, ...numbers] = name.split("/");
  const [a = -1, b = -1, c = -1] = numbers.map(Number);
  const seated = among(a, courts) && among(b, quorum.n);
  let officer: Officer | null = null;
  if (kind === "warden" && among(a, wardens)) officer = { kind, warden: a };
  if (kind === "clerk" && seated) officer = { kind, court: a, seat: b };
  if (kind === "registrar" && seated && among(c, registrars))
    officer = { kind, court: a, seat: b, shard: c };
  // Comparing with the name made again refuses "01", "1.0" and anything appended.
  return officer !== null && first === generation && nameOf(generation, officer) === name
    ? officer
    : null;
}

function among(index: number, count: number): boolean {
  return index >= 0 && index < count;
}

/** Every object that has a key: the seats of every court, then the Wardens. */
export function keyHolders(deployment: Deployment): Officer[] {
  const officers: Officer[] = [];
  for (let court = 0; court < deployment.courts; court++) {
    for (let seat = 0; seat < deployment.quorum.n; seat++)
      officers.push({ kind: "clerk", court, seat });
  }
  for (let warden = 0; warden < deployment.wardens; warden++)
    officers.push({ kind: "warden", warden });
  return officers;
}

/** Where a seat lives; seats beyond the list start over. */
export function regionOf(deployment: Deployment, seat: number): string {
  return deployment.regions[seat % deployment.regions.length] ?? "weur";
}

/** Milliseconds that a call between two regions is held up for, there and back. */
export function roundTripMs({ distances }: Deployment, one: string, other: string): number {
  return distances.get(`${one}-${other}`) ?? distances.get(`${other}-${one}`) ?? 0;
}

/** Where who is no seat is taken to be: the Usher, and the Wardens. */
export function frontRegion(deployment: Deployment): string {
  return regionOf(deployment, 0);
}

function slot(tag: string, slots: number, ...parts: readonly string[]): number {
  return slots === 1 ? 0 : Number.parseInt(digest(tag, ...parts).slice(0, 8), 16) % slots;
}

export function wardenOf(deployment: Deployment, tenant: string, source: string): number {
  return slot("warden", deployment.wardens, tenant, source);
}

/** The court of a partition key, which the domain names. */
export function courtOf(deployment: Deployment, tenant: string, partition: string): number {
  return slot("court", deployment.courts, tenant, partition);
}

export function registrarOf(deployment: Deployment, entityKey: string): number {
  return slot("registrar", deployment.registrars, entityKey);
}
