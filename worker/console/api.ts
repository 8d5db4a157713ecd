/** The console as a client of the routes that anybody has: with its visitor's token it can do what that could, and nothing else. */
import type { Registry } from "../../objects/arbiter/registry.ts";
import type { ProblemDocument } from "../http/problems.ts";
import type { Visit } from "./visit.ts";

/** Answers a request as the Worker would. */
export type Handle = (request: Request) => Response | Promise<Response>;

export interface Reply<T> {
  readonly status: number;
  readonly headers: Headers;
  /** Where the status is below 400. */
  readonly body: T | null;
  /** Where it is not. */
  readonly problem: ProblemDocument | null;
}

export interface Order {
  readonly method?: "GET" | "POST";
  /** JSON text. */
  readonly body?: string;
}

export class Api {
  readonly #handle: Handle;
  readonly #origin: string;
  readonly #visit: Visit;
  /** The domains of the deployment. */
  readonly registry: Registry;

  constructor(handle: Handle, origin: string, visit: Visit, registry: Registry) {
    this.#handle = handle;
    this.#origin = origin;
    this.#visit = visit;
    this.registry = registry;
  }

  async ask<T>(path: string, { method = "GET", body }: Order = {}): Promise<Reply<T>> {
    const headers = new Headers({ Authorization: this.#visit.authorization });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    const response = await this.#handle(new Request(`${this.#origin}${path}`, init));
    const { status } = response;
    const said: unknown = await response.json();
    const good = status < 400;
    return {
      status,
      headers: response.headers,
      body: good ? (said as T) : null,
      problem: good ? null : (said as ProblemDocument),
    };
  }

  /** What is there, or null. */
  async found<T>(path: string): Promise<T | null> {
    return (await this.ask<T>(path)).body;
  }
}
