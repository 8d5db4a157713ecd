/** The console's one script, for browsers as it stands. Without it every page works, as of when it was asked for. */
export const SCRIPT = `"use strict";
(() => {
  const policy = window.trustedTypes?.createPolicy("console", { createHTML: (text) => text });
  const parsed = (text) => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
  document.documentElement.classList.add("scripted");

  // What a reader has opened or stands on stays so.
  function exchange(now, then) {
    if (now.isEqualNode(then)) return;
    const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
    now.replaceWith(then);
    if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true });
  }
  function take(page, selector) {
    for (const then of page.querySelectorAll(selector)) {
      const now = document.getElementById(then.id);
      if (now !== null) exchange(now, document.adoptNode(then));
    }
  }

  const pulse = document.getElementById("pulse");
  function tell(state, words) {
    if (pulse === null || pulse.dataset.state === state) return;
    pulse.dataset.state = state;
    pulse.textContent = words;
  }
  const address = document.body.dataset.live;
  let source;
  function watch() {
    if (address === undefined || source !== undefined) return;
    source = new EventSource(address);
    source.addEventListener("parts", ({ data }) => {
      take(parsed(data), "[data-part]");
      tell("live", "live");
    });
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) tell("stopped", "stopped: reload the page");
      else tell("again", "connecting again");
    });
  }
  function rest() {
    source?.close();
    source = undefined;
    tell("paused", "paused");
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : watch()));
  addEventListener("pagehide", rest);
  addEventListener("pageshow", watch);
  if (!document.hidden) watch();

  // A form answers where it stands, so that the rest of the page goes on; the answer is the whole page that it would have led to.
  async function send(form, button) {
    const words = new URLSearchParams(new FormData(form, button));
    const posts = form.method === "post";
    const action = form.getAttribute("action");
    const response = await fetch(posts ? action : action + "?" + words, posts ? { method: "POST", body: words } : {});
    if (response.status === 401) return location.reload();
    const page = parsed(await response.text());
    const answer = page.querySelector("#" + CSS.escape(form.closest("[data-answer]").id));
    if (answer === null) return form.submit();
    const told = document.getElementById("told");
    take(page, "#" + CSS.escape(answer.id));
    told.textContent = answer.dataset.say ?? "";
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-inline]")) return;
    event.preventDefault();
    const button = event.submitter;
    form.setAttribute("aria-busy", "true");
    send(form, button)
      .catch(() => {
        document.getElementById("told").textContent = "The console could not be reached: try again.";
        tell("again", "not reached");
      })
      .finally(() => form.removeAttribute("aria-busy"));
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-choose]")) target.form.requestSubmit();
  });
})();
`;
