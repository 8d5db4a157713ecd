import { fetchHandler } from "./http/app.ts";
import { queueHandler } from "./queue.ts";

export { Clerk } from "../objects/clerk/clerk.ts";
export { Registrar } from "../objects/registrar/registrar.ts";
export { Warden } from "../objects/warden/warden.ts";

export default { fetch: fetchHandler(), queue: queueHandler() };
