/** A source of writs until Wardens take its place. */
import { canonical } from "../../objects/shared/canonical.ts";
import { writDigest } from "../../objects/shared/digests.ts";
import type { Writ } from "../../objects/shared/types.ts";
import type { VirtualCourt } from "./court.ts";
import type { Party, Setting } from "./party.ts";

const MOST = 20;

export class Source implements Party {
  readonly #court: VirtualCourt;
  readonly #setting: Setting;
  readonly #writs: Writ[][];
  #calm = false;

  constructor(court: VirtualCourt, setting: Setting) {
    this.#court = court;
    this.#setting = setting;
    this.#writs = Array.from({ length: court.deployment.wardens }, () => []);
    this.#next();
  }

  calm(): void {
    this.#calm = true;
  }

  pending(): string[] {
    return this.#writs.flatMap((_, warden) =>
      this.#undecided(warden).map(({ number }) => `writ ${warden}/${number}`),
    );
  }

  counts(): Record<string, number> {
    return { writs: this.#writs.flat().length };
  }

  #next(): void {
    const { world } = this.#court;
    world.after(this.#calm ? 500 : 20 + world.dice.below(200), () => {
      if (!this.#calm && world.dice.percent(60)) this.#seal();
      else this.#redrive();
      this.#next();
    });
  }

  #seal(): void {
    const { dice } = this.#court.world;
    const warden = dice.below(this.#writs.length);
    const writs = this.#writs[warden] ?? [];
    if (this.#undecided(warden).length >= 2 || writs.length >= MOST) return;
    const number = writs.length + 1;
    const events = Array.from({ length: 1 + dice.below(3) }, (_, at) =>
      this.#event(`${warden}.${number}.${at}`),
    );
    const bare = { court: 0, warden, number, events };
    const writ = { ...bare, seal: this.#court.sealKey(warden)(writDigest(bare)) };
    writs.push(writ);
    dice.one(this.#court.replicas).submit(writ);
  }

  #event(id: string): string {
    const { dice } = this.#court.world;
    const place = { item: dice.one(["nut", "bolt"]), warehouse: dice.one(["ulm", "bonn"]) };
    const reservation = `r${id}`;
    const ttlSeconds = 1 + dice.below(4);
    const { type, data } = dice.one([
      { type: "stock.received", data: { ...place, quantity: 1 + dice.below(9) } },
      { type: "stock.adjusted", data: { ...place, delta: -1 - dice.below(5), reason: "sold" } },
      { type: "stock.reserved", data: { ...place, quantity: 1, reservation, ttlSeconds } },
    ]);
    return canonical({ tenant: "t", source: "/s", id, type, data });
  }

  #redrive(): void {
    this.#writs.forEach((_, warden) => {
      for (const writ of this.#undecided(warden))
        for (const replica of this.#court.replicas) replica.submit(writ);
    });
  }

  /** Writs that not every sound seat has decided. */
  #undecided(warden: number): Writ[] {
    const sound = this.#court.replicas.filter(({ seat }) => !this.#setting.faulty.has(seat));
    return (this.#writs[warden] ?? []).filter((writ) =>
      sound.some((replica) => replica.life === 0 || !replica.decided(writ)),
    );
  }
}
