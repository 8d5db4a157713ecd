/** The commands of whoever submits, follows and verifies from outside, as the code and the specification call them. */
import type { Mapping } from "../reader/drift.ts";

export const CLIENT: Mapping = {
  "ClientInput submit": ["client/Submit"],
  "ClientInput answered": ["client/RequestAnswered", "client/Answered", "client/LaneAnswered"],
  "ClientInput abort": ["client/Abort"],
  // client: SendWhenDue, AdmitWaiting.
  "ClientInput flush": ["client/RoomLeft"],
  "ClientInput tick": ["client/LaneDue"],
  "ClientInput close": ["client/Close"],
  "export streamed": ["client/Streamed", "client/Brought", "client/Cut"],
  "export durationOf": ["client/GiveTime"],
  "export verified": ["client/ShowProof"],
  "export hold": ["client/Open", "client/End"],
  "export Journal": [
    "client/Begin",
    "client/BeginInput",
    "client/Read",
    "client/RowAccepted",
    "client/RowRejected",
    "client/RowRefused",
  ],
  "export Import": ["client/ReadRow", "client/ReadBareRow", "client/RowUnanswered"],
};
