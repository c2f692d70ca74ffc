// Runs of a pipeline: thousands are sorted and filtered here; only the rows that can be seen are drawn.
"use strict";

{
  const box = document.getElementById("runs");
  const body = box.querySelector("tbody");
  const headings = [...box.querySelectorAll("thead th")];
  const input = document.getElementById("runs-filter");
  const count = document.getElementById("runs-count");
  const threads = [...document.querySelectorAll(".thread")];
  const TALL = 38;
  const ROUND = 12;
  const WAITING = 8;
  const TERM = /^(.+?)(<=|>=|!=|=|<|>)(.+)$/;
  let runs = [];
  let shown = [];
  let sorted = null;
  let drawn = "";
  const metrics = document.getElementById("runs-metrics");
  const MOST = 10; // runs whose curves can be told apart
  const chosen = new Set();

  const HOW = {
    "=": (a, b) => a === b || String(a).toLowerCase() === String(b).toLowerCase(),
    "!=": (a, b) => !HOW["="](a, b),
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
  };

  // A test for a term of the filter: a column held against a value, or a word that any column has.
  function test(term, names) {
    const [, name, sign, text] = TERM.exec(term) || [];
    const places = name ? names.flatMap((each, at) => (each.toLowerCase().endsWith(name) ? [at] : [])) : [];
    if (!places.length) return (run) => run.text.includes(term);
    const value = text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    return (run) => places.some((at) => run.cells[at] !== null && HOW[sign](run.cells[at], value));
  }

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function link(href, inside) {
    const made = element("a");
    made.href = href;
    made.append(inside);
    return made;
  }

  function ago(at) {
    const passed = (Date.now() - Date.parse(at)) / 1000;
    for (const [seconds, unit] of [[31557600, "year"], [2630016, "month"], [86400, "day"], [3600, "hour"], [60, "minute"]])
      if (passed >= seconds) {
        const number = Math.floor(passed / seconds);
        return `${number} ${unit}${number === 1 ? "" : "s"} ago`;
      }
    return "just now";
  }

  function write(value) {
    if (value === null) return "";
    return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
  }

  // A box to choose a run by, whose metrics are then drawn with those of the others.
  function choice(key) {
    const made = element("input");
    made.type = "checkbox";
    made.setAttribute("aria-label", `Choose ${key}`);
    made.checked = chosen.has(key);
    made.disabled = !made.checked && chosen.size >= MOST;
    made.addEventListener("change", () => {
      if (made.checked) chosen.add(key);
      else chosen.delete(key);
      for (const each of body.querySelectorAll("input")) each.disabled = !each.checked && chosen.size >= MOST;
      lead();
    });
    return made;
  }

  // What is chosen, or else the first runs that are shown.
  function lead() {
    const first = shown.slice(0, MOST).map(({ run }) => run.digest.slice(0, 12));
    const keys = chosen.size ? [...chosen] : first;
    metrics.href = `${metrics.href.split("?")[0]}?runs=${keys.join(",")}`;
    const some = keys.length === 1 ? "run" : `${keys.length} runs`;
    metrics.textContent = chosen.size ? `Metrics of the ${some} chosen` : `Metrics of the first ${some}`;
    metrics.hidden = !keys.length;
  }

  function row({ run }) {
    const made = element("tr");
    made.dataset.run = run.digest.slice(0, 12);
    const cell = (inside, className) => {
      const td = element("td", undefined, className);
      td.append(inside);
      made.append(td);
    };
    const first = element("span", undefined, "choose");
    first.append(choice(made.dataset.run), link(`/runs/${made.dataset.run}`, element("code", made.dataset.run)));
    cell(first);
    cell(element("span", run.status, `state ${run.status}`));
    cell(run.crossing ? link(`/models/${run.crossing.replace("@", "/")}`, run.crossing) : "");
    for (const value of run.values) cell(write(value), "num");
    cell(run.seconds === null ? "" : `${run.seconds.toFixed(1)} s`, "num");
    cell(run.actor);
    const time = element("time", ago(run.at));
    time.dateTime = run.at;
    time.title = run.at.slice(0, 19).replace("T", " ") + " UTC";
    cell(time);
    return made;
  }

  function gap(rows) {
    const made = element("tr", undefined, "gap");
    const td = element("td");
    td.colSpan = headings.length;
    td.style.height = `${rows * TALL}px`;
    made.append(td);
    return made;
  }

  function draw() {
    const first = Math.max(Math.floor(box.scrollTop / TALL) - ROUND, 0);
    const last = Math.min(first + Math.ceil(box.clientHeight / TALL) + 2 * ROUND, shown.length);
    const now = `${first} ${last}`;
    if (now === drawn) return;
    drawn = now;
    body.replaceChildren(gap(first), ...shown.slice(first, last).map(row), gap(shown.length - last));
  }

  function order() {
    if (sorted) {
      const { place, down } = sorted;
      const [less, more] = down ? [1, -1] : [-1, 1];
      shown.sort((one, other) => {
        const [a, b] = [one.cells[place], other.cells[place]];
        if (a === b) return 0;
        if (a === null || b === null) return a === null ? 1 : -1;
        if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
        return a < b ? less : more;
      });
    }
    drawn = "";
    box.scrollTop = 0;
    draw();
    lead();
  }

  function filter() {
    const names = headings.map((each) => each.textContent.trim());
    const terms = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tests = terms.map((term) => test(term, names));
    shown = runs.filter((run) => tests.every((each) => each(run)));
    count.textContent = `${shown.length.toLocaleString("en")} of ${runs.length.toLocaleString("en")}`;
    const keys = new Set(shown.map(({ run }) => run.digest.slice(0, 12)));
    for (const thread of threads) thread.classList.toggle("out", !keys.has(thread.dataset.run));
    order();
  }

  // While the runs beyond the first ones are read, the places where they will stand.
  function wait() {
    box.setAttribute("aria-busy", "true");
    count.textContent += ": the others are being read";
    for (let number = 0; number < Math.min(WAITING, Number(box.dataset.beyond)); number += 1) {
      const made = element("tr", undefined, "waiting");
      for (const _ of headings) {
        const td = element("td");
        td.append(element("span", undefined, "skeleton"));
        made.append(td);
      }
      body.append(made);
    }
  }

  function fail() {
    for (const each of body.querySelectorAll(".waiting")) each.remove();
    input.disabled = true;
    const told = count.textContent.split(":")[0];
    count.textContent = `${told}: the others could not be read. Load the page again to sort and filter them`;
  }

  function take(page) {
    runs = page.runs.map((run) => {
      const cells = [run.digest.slice(0, 12), run.status, run.crossing || null, ...run.values];
      cells.push(run.seconds, run.actor, run.at);
      return { run, cells, text: cells.map(write).join(" ").toLowerCase() };
    });
    filter();
    box.addEventListener("scroll", draw, { passive: true });
    input.addEventListener("input", filter);
    headings.forEach((heading, place) => {
      const button = element("button", undefined, "sort");
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending";
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        sorted = { place, down };
        order();
      });
    });
    box.dataset.ready = "yes";
  }

  box.addEventListener("mouseover", (event) => {
    const key = event.target.closest("tr")?.dataset.run;
    for (const thread of threads) thread.classList.toggle("shown", thread.dataset.run === key);
  });

  if (Number(box.dataset.beyond)) wait();
  fetch(box.dataset.twin, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(take)
    .catch(fail)
    .finally(() => box.removeAttribute("aria-busy"));
}
