/** The console's one stylesheet. Colours are named by what they say; light and dark differ in nothing else. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f6f3; --sheet: #ffffff; --ink: #1b1f24; --soft: #5a626c; --line: #dfe1de; --wash: #eff0ec; --faint: #b9bfc4;
  --accent: #1f5f8b; --on-accent: #ffffff;
  --good: #22734a; --good-wash: #e4f2ea; --care: #8a5a00; --care-wash: #fbf1dc;
  --bad: #b3261e; --bad-wash: #fbe9e7; --on-bad: #ffffff; --bar: #2f7fb5; --most: #c5dceb;
  --sans: ui-sans-serif, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --sheet: #1c2026; --ink: #e7eaed; --soft: #a2abb5; --line: #2f353d; --wash: #242a31; --faint: #59626c;
    --accent: #7dbbe6; --on-accent: #0d1a24;
    --good: #6cc793; --good-wash: #1a3327; --care: #e2b45c; --care-wash: #362b14;
    --bad: #ff8f85; --bad-wash: #42201d; --on-bad: #2a0b08; --bar: #5aa7d8; --most: #2b4a5f;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 15px/1.5 var(--sans); background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; }
body, h1, h2, h3, p, ul, dl, dd, figure, pre, fieldset { margin: 0; padding: 0; }
ul { list-style: none; }
fieldset { border: 0; min-width: 0; }
h1 { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; text-wrap: balance; }
h2 { font-size: 1rem; font-weight: 650; letter-spacing: -0.005em; }
.title { font-size: 1.3rem; }
h3 { font-size: 0.95rem; font-weight: 650; }
code, pre { font-family: var(--mono); font-size: 0.86em; }
code { overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
.quiet { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 2; padding: 0.5rem 1rem; background: var(--sheet); border-radius: 0 0 6px 6px; }
.skip:focus { top: 0; }

.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem 1.25rem; padding: 0.7rem clamp(1rem, 3vw, 2.25rem); background: var(--sheet); border-bottom: 1px solid var(--line); }
.name { font-weight: 700; font-size: 1.1rem; letter-spacing: -0.02em; color: var(--ink); text-decoration: none; }
.pulse { font-size: 0.8rem; color: var(--soft); display: inline-flex; align-items: center; gap: 0.4rem; }
.pulse::before { content: ""; width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--soft); }
.pulse[data-state="live"] { color: var(--good); }
.pulse[data-state="live"]::before { background: var(--good); }
.courts { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.courts a { padding: 0.15rem 0.6rem; border-radius: 99px; color: var(--soft); text-decoration: none; }
.courts a[aria-current] { background: var(--wash); color: var(--ink); font-weight: 600; }
.search { display: flex; gap: 0.4rem; flex: 1 1 14rem; max-width: 26rem; margin-left: auto; }
.search input { flex: 1; }
.who { display: flex; align-items: center; gap: 0.75rem; font-size: 0.87rem; }
.scopes { color: var(--soft); }

main { max-width: 82rem; margin: 0 auto; padding: clamp(1.25rem, 3vw, 2rem) clamp(1rem, 3vw, 2.25rem) 4rem; display: grid; gap: 1.5rem; }
.verdict { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: 1rem 3rem; padding-left: 1rem; border-left: 4px solid var(--good); }
.verdict > div { flex: 1 1 24rem; }
.verdict.care { border-color: var(--care); }
.verdict.bad { border-color: var(--bad); }
.verdict.bad h1 { color: var(--bad); }
.why { color: var(--soft); }
.verdict .why { max-width: 46rem; margin-top: 0.25rem; }
.figures { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; }
dt { color: var(--soft); font-size: 0.8rem; }
.figures dd { font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }

.seats ul { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.seat { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 0.9rem 1.1rem 1rem; }
.seat.care { border-color: var(--care); }
.seat.bad { border-color: var(--bad); background: var(--bad-wash); }
.top { display: flex; justify-content: space-between; align-items: baseline; }
.leads { font-size: 0.76rem; font-weight: 600; color: var(--accent); border: 1px solid currentColor; border-radius: 99px; padding: 0 0.5rem; }
.region { color: var(--soft); font-size: 0.88rem; }
.hint { font-size: 0.85em; color: var(--soft); }
.seat.bad .hint, .seat.bad .region, .seat.bad dt { color: var(--ink); }
.state { display: flex; align-items: center; gap: 0.45rem; margin: 0.5rem 0; font-weight: 600; }
.dot { width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--good); }
.care > .state { color: var(--care); } .care > .state .dot { background: none; border: 2px solid var(--care); }
.bad > .state { color: var(--bad); } .bad > .state .dot { background: var(--bad); border-radius: 1px; }
.seat dl { display: grid; grid-template-columns: repeat(4, auto); gap: 0.5rem; }
.seat dd { font-variant-numeric: tabular-nums; }
.reason { margin-top: 0.5rem; font-size: 0.85rem; color: var(--soft); }
.seat.bad .reason { color: var(--ink); }

.columns { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr) minmax(19rem, 24rem); align-items: start; }
.columns > div { display: grid; gap: 1.5rem; min-width: 0; }
.panel { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem 1.25rem; min-width: 0; }
.panel > h2, .panel > h1 { margin-bottom: 0.75rem; }
.panel > h3 { margin: 1.1rem 0 0.4rem; }
.lone { max-width: 34rem; margin: 4vh auto; width: 100%; display: grid; gap: 0.75rem; }
.lone form { display: grid; gap: 0.6rem; }
.empty, .lacking, .help, .more, .legend { color: var(--soft); font-size: 0.9rem; }
.lacking { border-left: 3px solid var(--line); padding-left: 0.75rem; }

.scroll { overflow-x: auto; margin: 0 -0.25rem; padding: 0 0.25rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.32rem 0.75rem 0.32rem 0; font-weight: 400; white-space: nowrap; vertical-align: middle; }
thead th { color: var(--soft); font-size: 0.8rem; border-bottom: 1px solid var(--line); }
tbody tr + tr > * { border-top: 1px solid var(--wash); }
.number { text-align: right; }
td.number + td, th.number + th, th.number + td { padding-left: 0.75rem; }
.aside { color: var(--soft); }
.effects { color: var(--soft); font-size: 0.85em; margin-left: 0.3em; }
.marks { display: inline-flex; gap: 3px; }
.marks > span:not(.quiet) { width: 1.35rem; height: 1.35rem; display: grid; place-items: center; border-radius: 4px; font-size: 0.74rem; font-weight: 600; border: 1px solid transparent; }
.marks .signed { background: var(--good-wash); color: var(--good); }
.marks > .prepared:not(.quiet) { border-color: var(--good); color: var(--good); }
.marks > .missing:not(.quiet) { border: 1px dashed var(--faint); color: var(--soft); }
.marks .dissented { background: var(--bad); color: var(--on-bad); }
tr.dissent th, tr.dissent td { background: var(--bad-wash); }
tr.dissent .aside { color: var(--ink); }
tr.deciding td, tr.deciding th { color: var(--care); }
.tick { color: var(--good); font-weight: 700; }
.legend { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; margin-top: 0.9rem; font-size: 0.82rem; }
.legend .marks { align-items: center; gap: 0.4rem; }
.legend em { font-style: normal; }

.charges { display: grid; gap: 0.85rem; }
.charges li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.9rem; padding-left: 0.75rem; border-left: 3px solid var(--line); }
.charges li.care { border-color: var(--care); }
.charges li.guilt { border-color: var(--bad); }
.charges time { font-variant-numeric: tabular-nums; color: var(--soft); font-size: 0.88rem; padding-top: 0.1rem; }
.saying { font-weight: 600; }
.guilt .saying { color: var(--bad); }
.charges .why { font-size: 0.88rem; overflow-wrap: anywhere; }
code.bad { color: var(--bad); font-weight: 700; }

.charts { display: grid; gap: 1.25rem; }
figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.75rem; }
.label { color: var(--soft); font-size: 0.85rem; flex: 1; }
.now { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
figcaption .aside { font-size: 0.85rem; flex-basis: 100%; text-align: right; margin-top: -0.2rem; }
.chart svg { display: block; width: 100%; height: 4.5rem; margin-top: 0.3rem; }
.bars { fill: var(--bar); } .most { fill: var(--most); }
.grid { stroke: var(--line); stroke-dasharray: 2 3; vector-effect: non-scaling-stroke; }
.base { stroke: var(--soft); vector-effect: non-scaling-stroke; }
.scale { display: flex; justify-content: space-between; font-size: 0.74rem; color: var(--soft); margin-top: 0.2rem; }

input, select, textarea, button { font: inherit; color: inherit; }
input:not([type="radio"]), select, textarea { width: 100%; min-height: 2.3rem; padding: 0.3rem 0.6rem; background: var(--paper); border: 1px solid #8a929a; border-radius: 6px; }
[aria-invalid] { border-color: var(--bad) !important; border-width: 2px !important; }
textarea { font-family: var(--mono); font-size: 0.86em; resize: vertical; }
input::placeholder { color: var(--soft); opacity: 1; }
button { min-height: 2.3rem; padding: 0.3rem 0.9rem; background: var(--sheet); border: 1px solid #8a929a; border-radius: 6px; cursor: pointer; }
button:hover { background: var(--wash); }
button:disabled { opacity: 0.6; cursor: progress; }
button.strong { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
button.strong:hover { filter: brightness(1.08); }
button.danger { color: var(--bad); border-color: currentColor; }
button.danger:hover { background: var(--bad-wash); }
button.plain { border: 0; background: none; padding: 0.2rem 0; color: var(--accent); text-decoration: underline; text-underline-offset: 0.15em; }
label, legend { font-size: 0.85rem; color: var(--soft); }
.try form { display: grid; gap: 0.75rem; }
.try .choose { display: flex; align-items: center; margin-bottom: 0.75rem; }
.fields { display: grid; gap: 0.6rem 0.75rem; grid-template-columns: repeat(2, minmax(0, 1fr)); }
.wide { grid-column: 1 / -1; }
.complaint { color: var(--bad); font-size: 0.85rem; font-weight: 600; }
.answer { margin-top: 0.9rem; padding: 0.75rem 0.9rem; background: var(--wash); border-radius: 8px; font-size: 0.9rem; display: grid; gap: 0.35rem; overflow-wrap: anywhere; }
.answer.bad { background: var(--bad-wash); }
.answer ul { display: grid; gap: 0.2rem; }
.again { margin-top: 0.35rem; }
.status { display: inline-block; font-weight: 600; font-size: 0.85rem; padding: 0 0.5rem; border-radius: 99px; background: var(--wash); border: 1px solid var(--line); }
.status.accepted { color: var(--good); background: var(--good-wash); border-color: transparent; }
.status.rejected { color: var(--care); background: var(--care-wash); border-color: transparent; }
.receipt { color: var(--soft); }
.changes { display: grid; gap: 0.3rem; }
fieldset { display: grid; gap: 0 0.75rem; grid-template-columns: repeat(2, minmax(0, 1fr)); }
legend { margin-bottom: 0.2rem; }
fieldset label { display: flex; align-items: center; gap: 0.5rem; min-height: 1.9rem; color: var(--ink); font-size: 0.95rem; }
input[type="radio"] { width: 1.05rem; height: 1.05rem; margin: 0; accent-color: var(--accent); }
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0.6rem 0; }
.facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.35rem 1.25rem; margin-bottom: 1.25rem; }
.facts dd { overflow-wrap: anywhere; }
pre { padding: 0.9rem; background: var(--wash); border-radius: 8px; overflow: auto; max-height: 32rem; }
.scripted .frozen { display: none; }

@media (max-width: 62rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 40rem) {
  h1 { font-size: 1.4rem; }
  .bar { gap: 0.5rem 0.9rem; }
  .search { order: 3; flex-basis: 100%; max-width: none; margin: 0; }
  .who { margin-left: auto; }
  .scopes { display: none; }
  .figures { width: 100%; justify-content: space-between; gap: 0.5rem; }
  .figures dd { font-size: 1.1rem; }
  .seats ul { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem; }
  .seat { padding: 0.7rem 0.8rem; }
  .seat dl { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.25rem 0.5rem; }
  .region .hint { display: none; }
  th.aside, td.aside { display: none; }
  .blocks th, .blocks td { padding-right: 0.5rem; }
  button, input:not([type="radio"]), select { min-height: 2.75rem; }
  fieldset label { min-height: 2.75rem; }
}
@media (prefers-reduced-motion: no-preference) {
  .pulse[data-state="live"]::before { animation: pulse 2s ease-in-out infinite; }
  @keyframes pulse { 50% { opacity: 0.35; } }
}
`;
