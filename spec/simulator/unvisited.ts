/** Code of the agreement's core that no run comes to, and why it is there all the same. */
export const UNVISITED: readonly {
  readonly file: string;
  /** As `npm run simulate -- --coverage` shows it. */
  readonly code: string;
  readonly why: string;
}[] = [];
