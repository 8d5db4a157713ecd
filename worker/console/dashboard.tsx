/** A court's page as a visitor may see it. */
import type { Context } from "../context.ts";
import { CourtPage, Lacking } from "./court.tsx";
import { BreakPanel, TryPanel } from "./forms.tsx";
import type { Breaking, Trying } from "./forms.tsx";
import { mayDo } from "./visit.ts";
import type { Visit } from "./visit.ts";
import { Watcher } from "./watcher.ts";

interface Doing {
  readonly trying: Trying;
  readonly breaking: Breaking;
}

/** What {@link Page} shows of it. */
// Rule: ShowPart.
export async function courtPage(context: Context, visit: Visit, { trying, breaking }: Doing) {
  const { court } = trying;
  const around = { title: `Court ${court}`, token: visit.token, court };
  const attempt = <TryPanel trying={trying} may={mayDo(visit, "submit")} />;
  if (!mayDo(visit, "read")) {
    const children = (
      <div class="lone">
        <h1>Court {court}</h1>
        <Lacking scope="read" what="how the court is, and what was decided" />
        {attempt}
      </div>
    );
    return { ...around, children };
  }
  const operates = mayDo(visit, "operate");
  const scene = await new Watcher(context, court, operates).look();
  const aside = (
    <>
      {attempt}
      {context.deployment.faultInjection ? (
        <BreakPanel court={scene.court} breaking={breaking} may={operates} />
      ) : null}
    </>
  );
  const children = <CourtPage scene={scene} aside={aside} />;
  return { ...around, live: `/console/courts/${court}/live`, children };
}
