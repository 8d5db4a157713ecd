/** PersistBeforeSend: what an honest seat says, and what it decides on, was in its storage before. NoProposalFromAnotherLife. */
import type { Message, Proposal } from "../../../objects/clerk/consensus/messages.ts";
import type { Durable } from "../../../objects/clerk/consensus/seat.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";

interface Disk {
  durable: Durable | null;
  /** Signatures of every statement that was ever stored. */
  readonly stored: Set<string>;
}

export function persistence({ liars }: Options): Part {
  const disks = new Map<number, Disk>();
  const heard = new WeakSet<Message>();
  const diskOf = (seat: number): Disk => {
    const disk = disks.get(seat) ?? { durable: null, stored: new Set() };
    disks.set(seat, disk);
    return disk;
  };
  return {
    on: {
      wiped({ seat }) {
        // What it had stored counts in certificates that it learns anew.
        diskOf(seat).durable = null;
      },
      stored({ seat, durable }) {
        const disk = diskOf(seat);
        disk.durable = durable;
        for (const said of [durable.vote?.prepare, durable.commit, durable.change])
          if (said !== null && said !== undefined) disk.stored.add(said.signature);
      },
      said({ seat, message }) {
        if (liars.has(seat) || heard.has(message) || message.from !== seat) return;
        heard.add(message);
        must(
          isStored(diskOf(seat), message),
          "PersistBeforeSend",
          () => `seat ${seat} said a ${message.kind} that it had not stored`,
        );
        must(
          message.kind !== "proposal" || ofThisLife(diskOf(seat), message),
          "NoProposalFromAnotherLife",
          () => `seat ${seat} proposed in a view that it entered before its present start`,
        );
      },
      agreed({ seat, block }) {
        if (liars.has(seat)) return;
        const own = block.certificate.signatures.find((by) => by.seat === seat);
        must(
          own === undefined || diskOf(seat).stored.has(own.signature),
          "PersistBeforeSend",
          () => `seat ${seat} decided height ${block.header.height} on a commit it had not stored`,
        );
      },
    },
  };
}

function isStored({ durable, stored }: Disk, message: Message): boolean {
  if (message.kind === "prepare" || message.kind === "commit") return stored.has(message.signature);
  // A view left again in the same step is stored as the one that followed.
  if (message.kind === "view-change")
    return stored.has(message.signature) || (durable?.change?.view ?? -1) > message.view;
  return message.kind !== "proposal" || (durable?.view ?? -1) >= message.view;
}

/** A proposal said again later in the same life may be of a view left since. */
function ofThisLife({ durable }: Disk, { view, incarnation }: Proposal): boolean {
  return durable?.view !== view || durable.viewStart === incarnation;
}
