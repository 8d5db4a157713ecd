/** Calls to the other seats. Loss is allowed, growth is not: beyond its bound a message is dropped, and sent again in time. */
import { called, within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";
import { LIMITS } from "../shared/limits.ts";
import type { ClerkApi } from "../shared/rpc.ts";
import type { Message } from "./consensus/messages.ts";

/** What of a seat the post needs. */
export type Peer = Pick<ClerkApi, "deliver">;

/** Calls to one peer that have not returned. */
interface UnderWay {
  calls: number;
  /** UTF-16 units of their texts. */
  size: number;
}

export class Post {
  readonly #peer: (seat: number) => Peer;
  readonly #answered: (text: string, by: number) => void;
  readonly #clock: Clock;
  readonly #underWay = new Map<number, UnderWay>();
  #held: { readonly to: number; readonly message: Message }[] = [];
  #caller: { readonly seat: number; readonly replies: Message[] } | null = null;
  /** Messages that could not be sent or were answered by an error. */
  lost = 0;
  /** Calls made, and the UTF-16 units of their texts. */
  calls = 0;
  sent = 0;

  /** `peer` makes a new stub for each call: a stub that saw an abort stays broken. */
  constructor(
    peer: (seat: number) => Peer,
    answered: (text: string, by: number) => void,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#peer = peer;
    this.#answered = answered;
  }

  /** What is sent to the caller while it waits goes into its reply instead of a call of its own. */
  replyTo(seat: number): Message[] {
    const replies: Message[] = [];
    this.#caller = { seat, replies };
    return replies;
  }

  hangUp(): void {
    this.#caller = null;
  }

  /** What a piece would send to a seat, instead of sending it. */
  aside(seat: number, piece: () => void): Message[] {
    const caller = this.#caller;
    const said = this.replyTo(seat);
    piece();
    this.#caller = caller;
    return said;
  }

  hold(to: number, message: Message): void {
    if (this.#caller?.seat === to && this.#caller.replies.length < LIMITS.messagesPerCall)
      this.#caller.replies.push(message);
    else this.#held.push({ to, message });
  }

  /** Calls each peer with everything held for it. */
  flush(): void {
    const byPeer = Map.groupBy(this.#held, ({ to }) => to);
    this.#held = [];
    // The same message goes to several: it is written once.
    const texts = new Map<Message, string>();
    for (const [to, held] of byPeer) {
      let call: string[] = [];
      let size = 0;
      for (const { message } of held) {
        const text = texts.get(message) ?? JSON.stringify(message);
        texts.set(message, text);
        const full = call.length >= LIMITS.messagesPerCall || size + text.length > LIMITS.callSize;
        if (full && call.length > 0) {
          void this.#call(to, call);
          call = [];
          size = 0;
        }
        call.push(text);
        size += text.length;
      }
      void this.#call(to, call);
    }
  }

  // Rules: CountCall, TakeSilentCallForLost.
  async #call(to: number, messages: readonly string[]): Promise<void> {
    const underWay = this.#underWay.get(to) ?? { calls: 0, size: 0 };
    this.#underWay.set(to, underWay);
    const text = `[${messages.join(",")}]`;
    const full = underWay.calls >= LIMITS.callsPerPeer;
    if (full || (underWay.calls > 0 && underWay.size + text.length > LIMITS.sizePerPeer)) {
      this.lost += messages.length;
      return;
    }
    underWay.calls += 1;
    underWay.size += text.length;
    this.calls += 1;
    this.sent += text.length;
    const delivered = called(() => this.#peer(to).deliver(text));
    const answer = await within(this.#clock, LIMITS.callLostMs, delivered);
    underWay.calls -= 1;
    underWay.size -= text.length;
    // Down, restarting, refusing or silent: the votes are sent again until they are answered.
    if (answer === undefined) this.lost += messages.length;
    else this.#answered(answer, to);
  }
}
