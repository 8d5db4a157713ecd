// assize status: whether the server can agree, and how its courts and their seats are.
import { count } from "../bench/lib/table.ts";
import { AssizeError } from "../client/index.ts";
import type { AssizeClient } from "../client/index.ts";
import { clientOf, say, sayJson, urlOf } from "./context.ts";
import type { Common } from "./context.ts";
import { EXIT, Told } from "./exit.ts";

interface Member {
  readonly seat: number;
  readonly region: string;
  readonly role: string;
  readonly view: number | null;
  readonly height: number | null;
  readonly stage: string;
  readonly ready: boolean;
  readonly dissents: number;
}

interface Court {
  readonly court: number;
  readonly mode: string;
  readonly quorum: number;
  readonly view: number;
  readonly leader: number;
  readonly height: number;
  readonly published: number;
  readonly members: readonly Member[];
}

interface Ready {
  readonly ready: boolean;
  readonly genesis: string | null;
  readonly reasons: readonly string[];
}

export async function status(options: Common): Promise<void> {
  const client = clientOf(options);
  const ready = await readiness(client);
  const { items: courts } = (await client.get("/v1/courts")) as {
    readonly items: readonly Court[];
  };
  if (options.json === true) sayJson({ url: urlOf(options), ...ready, courts });
  else for (const line of linesOf(urlOf(options), ready, courts)) say(line);
  // A court that cannot agree just now may do so in a moment.
  if (!ready.ready) throw new Told(EXIT.unreachable);
}

/** A server that is not ready says why at once: it is not waited for. */
async function readiness(client: AssizeClient): Promise<Ready> {
  try {
    const { genesis } = (await client.get("/v1/ready", { deadlineMs: 1 })) as {
      readonly genesis: string;
    };
    return { ready: true, genesis, reasons: [] };
  } catch (error) {
    if (!(error instanceof AssizeError) || error.problem === undefined) throw error;
    return { ready: false, genesis: null, reasons: [error.problem.detail] };
  }
}

function linesOf(
  url: string,
  { ready, genesis, reasons }: Ready,
  courts: readonly Court[],
): string[] {
  return [
    `${url} ${ready ? "is ready" : `is not ready: ${reasons.join("; ")}`}`,
    ...(genesis === null ? [] : [`genesis ${genesis}`]),
    ...courts.flatMap(courtLines),
  ];
}

function courtLines({
  court,
  mode,
  quorum,
  view,
  leader,
  height,
  published,
  members,
}: Court): string[] {
  const head = `court ${court}  ${mode}, ${quorum} of ${members.length}  view ${view}, led by seat ${leader}  height ${count(height)}, published ${count(published)}`;
  return ["", head, ...members.map(memberLine)];
}

function memberLine({ seat, region, role, stage, height, ready, dissents }: Member): string {
  const known = height === null ? "silent" : `height ${count(height)}`;
  const dissent = dissents === 0 ? "" : `  ${count(dissents)} dissents`;
  return `  seat ${seat}  ${region.padEnd(6)}  ${role.padEnd(8)}  ${stage.padEnd(10)}  ${known}  ${ready ? "ready" : "not ready"}${dissent}`;
}
