/** Types of the platform that code under test names: the simulator runs it in Node, where they are not global. */
import type * as platform from "@cloudflare/workers-types/index.ts";

declare global {
  type D1Database = platform.D1Database;
  type D1PreparedStatement = platform.D1PreparedStatement;
  type D1Result<T = unknown> = platform.D1Result<T>;
  type DurableObjectStorage = platform.DurableObjectStorage;
  type DurableObjectState = platform.DurableObjectState;
  type DurableObjectNamespace = platform.DurableObjectNamespace;
  type SqlStorage = platform.SqlStorage;
  type SqlStorageValue = platform.SqlStorageValue;
}
