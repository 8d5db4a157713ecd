/** Faults to plant where files and their rules meet: what is said and heard, demanded and fulfilled. */
import type { Plant } from "./plants.ts";

export const seams: Plant[] = [
  [
    "emission-unheard",
    "arbiter",
    "KeyNoted",
    "ensures: KeyRecorded(event: takenEvent)",
    "ensures: KeyNoted(event: takenEvent)",
  ],
  [
    "outward-unsaid",
    "warden",
    "AlarmRang",
    "    @guarantee AlarmNeverLost\n",
    "    @guidance\n        -- Outward: AlarmRang.\n    @guarantee AlarmNeverLost\n",
  ],
  [
    "provided-unheard",
    "warden",
    "WritSeen",
    "        WritRead(sealedWrit: SealedWrit)",
    "        WritRead(sealedWrit: SealedWrit)\n        WritSeen(sealedWrit: SealedWrit)",
  ],
  ["listener-unprovided", "warden", "WritRead", "        WritRead(sealedWrit: SealedWrit)\n", ""],
  [
    "listener-unprovided",
    "arbiter",
    "KeyRecorded",
    "ensures: KeyRecorded(event: takenEvent)",
    "ensures: KeyNoted(event: takenEvent)",
  ],
  [
    "demand-unfulfilled",
    "inventory",
    "Counting",
    "    @guarantee StockConserved",
    "    contracts:\n        demands Counting\n\n    @guarantee StockConserved",
  ],
  [
    "demand-fulfilled-twice",
    "inventory",
    "2 times",
    "    @guarantee StockConserved",
    "    contracts:\n        demands Counting\n        fulfils Counting\n        fulfils Counting\n\n    @guarantee StockConserved",
  ],
  [
    "demand-fulfilled-twice",
    "arbiter",
    "DomainCode is fulfilled 2 times",
    "        -- Of many: every domain fulfils it.",
    "        -- Every domain fulfils it.",
    "inventory",
  ],
  [
    "fulfilled-undemanded",
    "inventory",
    "Counting",
    "    @guarantee StockConserved",
    "    contracts:\n        fulfils Counting\n\n    @guarantee StockConserved",
  ],
  [
    "wrong-parameters",
    "warden",
    "court elsewhere, where number stands here",
    "    when: SeatsSaidWhatTheyHold(court, number)\n\n    let shown",
    "    when: SeatsSaidWhatTheyHold(number, court)\n\n    let shown",
  ],
  [
    "field-never-set",
    "warden",
    "Court.overloaded",
    "    -- Told by its seats, one more of them than may lie.\n",
    "",
  ],
  ["field-never-set", "warden", "Court.has_lost_rows", " Told by the rows, as a life begins.", ""],
];
