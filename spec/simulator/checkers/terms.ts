/** Who holds which key in which epoch, by the control events of the agreed chain alone (spec/control.allium). */
import type { Header } from "../../../objects/shared/types.ts";
import type { Options } from "./part.ts";

type Held = Pick<Options, "keys" | "wardenKeys">;

export class Terms {
  epoch = 1;
  readonly #held: Held[];

  constructor({ keys, wardenKeys }: Options) {
    this.#held = [{ keys, wardenKeys }];
  }

  /** Each height once, rising. */
  follow({ control }: Header): void {
    const held = this.#held.at(-1);
    if (held === undefined || control?.kind !== "key") return;
    const { officer, key } = control;
    this.epoch += 1;
    this.#held.push(
      officer.kind === "clerk"
        ? { ...held, keys: held.keys.with(officer.seat, key) }
        : { ...held, wardenKeys: held.wardenKeys.with(officer.warden, key) },
    );
  }

  seatKey(epoch: number, seat: number): string | undefined {
    return this.#held[epoch - 1]?.keys[seat];
  }

  wardenKey(epoch: number, warden: number): string | undefined {
    return this.#held[epoch - 1]?.wardenKeys[warden];
  }

  /** Every key that the seat has held. */
  seatKeys(seat: number): string[] {
    return this.#held.flatMap(({ keys }) => keys[seat] ?? []);
  }
}

/** The Warden that has another key from the next height on, or null. */
export function rekeyedWarden({ control }: Header): number | null {
  return control?.kind === "key" && control.officer.kind === "warden"
    ? control.officer.warden
    : null;
}

/** The seat that has another key from the next height on, or null. */
export function rekeyedSeat({ control }: Header): number | null {
  return control?.kind === "key" && control.officer.kind === "clerk" ? control.officer.seat : null;
}
