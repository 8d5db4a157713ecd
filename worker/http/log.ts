/** Logs an error with its stack and returns the id under which it stands there. */
export function logged(error: unknown, where: string): string {
  const id = crypto.randomUUID();
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ id, where, error: text }));
  return id;
}
