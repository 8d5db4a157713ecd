/** Calls to the other seats. Loss is allowed, growth is not: beyond its bound a message is dropped, and sent again in time. */
import { LIMITS } from "../shared/limits.ts";
import type { ClerkApi } from "../shared/rpc.ts";
import type { Message } from "./consensus/messages.ts";

export class Post {
  readonly #peer: (seat: number) => ClerkApi;
  readonly #answered: (text: string) => void;
  readonly #underWay: number[] = [];
  #held: { readonly to: number; readonly message: Message }[] = [];
  #caller: { readonly seat: number; readonly replies: Message[] } | null = null;
  /** Messages that could not be sent or were answered by an error. */
  lost = 0;

  /** `peer` makes a new stub for each call: a stub that saw an abort stays broken. */
  constructor(peer: (seat: number) => ClerkApi, answered: (text: string) => void) {
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

  hold(to: number, message: Message): void {
    if (this.#caller?.seat === to && this.#caller.replies.length < LIMITS.messagesPerCall)
      this.#caller.replies.push(message);
    else this.#held.push({ to, message });
  }

  /** One call a peer for everything held. */
  flush(): void {
    const byPeer = Map.groupBy(this.#held, ({ to }) => to);
    this.#held = [];
    for (const [to, held] of byPeer) {
      const messages = held.map(({ message }) => message);
      for (let from = 0; from < messages.length; from += LIMITS.messagesPerCall) {
        void this.#call(to, messages.slice(from, from + LIMITS.messagesPerCall));
      }
    }
  }

  async #call(to: number, messages: readonly Message[]): Promise<void> {
    const underWay = this.#underWay[to] ?? 0;
    if (underWay >= LIMITS.callsPerPeer) {
      this.lost += messages.length;
      return;
    }
    this.#underWay[to] = underWay + 1;
    try {
      this.#answered(await this.#peer(to).deliver(JSON.stringify(messages)));
    } catch {
      // Down, restarting or refusing: the votes are sent again until they are answered.
      this.lost += messages.length;
    } finally {
      this.#underWay[to] = (this.#underWay[to] ?? 1) - 1;
    }
  }
}
