// What a client reads of the HTTP contract.

/** What is read of an element of the reply to an array. */
export interface Answer {
  readonly id: string;
  readonly status: "accepted" | "rejected" | "invalid" | "conflict" | "refused" | "pending";
  readonly reason?: { readonly code: string };
  readonly changes?: readonly { readonly entity: string; readonly state: Stock }[];
  readonly receipt?: Receipt;
  readonly replayed?: boolean;
  readonly problem?: { readonly type: string };
}

export interface Stock {
  readonly onHand: number;
  readonly reserved: number;
}

export interface Receipt {
  readonly court: number;
  readonly height: number;
  readonly index: number;
  readonly block: string;
  readonly outcome: string;
}

/** What is read of `GET /v1/courts/{c}`. */
export interface Court {
  readonly court: number;
  readonly quorum: number;
  readonly view: number;
  readonly leader: number;
  readonly height: number;
  readonly published: number;
  readonly members: readonly {
    readonly seat: number;
    readonly publicKey: string;
    readonly ready: boolean;
    readonly stage: string;
    readonly height: number | null;
  }[];
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** The slug of a problem document's type. */
export function slugIn(problem: unknown): string {
  const { type } = (problem ?? {}) as { readonly type?: string };
  return type?.replace("/problems/", "") ?? "unknown";
}

/** Why there is no outcome: the problem's slug. */
export function slugOf({ problem }: Answer): string {
  return slugIn(problem);
}

/** Whether asking again would bring the same. */
export function isFinal({ status }: Answer): boolean {
  return status !== "refused" && status !== "pending";
}

/** An answer that the contract does not allow. */
export class OutOfContract extends Error {
  override readonly name = "OutOfContract";
}

/** Throws {@link OutOfContract}. */
export function elementsOf(
  { status, body }: Reply,
  events: readonly { readonly id: string }[],
): Answer[] {
  const elements = body as Answer[];
  const fits =
    status === 200 &&
    Array.isArray(elements) &&
    elements.length === events.length &&
    elements.every(({ id }, index) => id === events[index]?.id);
  if (!fits)
    throw new OutOfContract(`POST /v1/events: ${status} ${JSON.stringify(body).slice(0, 500)}`);
  return elements;
}
