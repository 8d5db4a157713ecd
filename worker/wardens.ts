/** Asking a Warden: what it says, or what can be said in its place. */
import { LIMITS } from "../objects/shared/limits.ts";
import type { Submission, WardenAnswer } from "../objects/shared/rpc.ts";
import { wardenStub } from "../objects/shared/shell/stubs.ts";
import { ofLaterLife, SILENCE } from "./http/answers.ts";
import type { Answer } from "./http/answers.ts";
import { messageOf, refusalOf, TookTooLong, within } from "./calls.ts";
import type { Context } from "./context.ts";
import { logged } from "./http/log.ts";

/**
 * One answer per submission, in order. A Warden that is replaced under the call is asked again, which admits nothing twice. One that
 * refuses has kept nothing; where an earlier call may have, that is no longer certain.
 */
export async function askWarden(
  context: Context,
  warden: number,
  submissions: readonly Submission[],
  waitMs: number,
): Promise<readonly Answer[]> {
  const { env, deployment } = context;
  const text = JSON.stringify(submissions);
  const all = (answer: Answer) => submissions.map(() => answer);
  const giveUp = Date.now() + deployment.deadlineMs + LIMITS.deadlineSlackMs;
  for (let attempt = 1; attempt <= LIMITS.wardenAttempts; attempt++) {
    const left = giveUp - Date.now();
    try {
      // A stub that saw an abort stays broken, so every attempt has its own.
      const call = wardenStub(env, deployment, warden).admit(text, Math.min(waitMs, left));
      const answers = JSON.parse(await within(call, left)) as WardenAnswer[];
      return attempt === 1 ? answers : ofLaterLife(answers);
    } catch (error) {
      if (refusalOf(error) !== null && attempt === 1) {
        return all({ kind: "no-quorum", detail: `Warden ${warden} refuses: ${messageOf(error)}` });
      }
      if (error instanceof TookTooLong) break;
      logged(error, `warden ${warden}, attempt ${attempt}`);
    }
  }
  return all(SILENCE);
}
