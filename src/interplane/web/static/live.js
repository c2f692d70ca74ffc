// A page that goes on: its parts are replaced by those that the server sends, where they differ; what
// steps write is added at the end of what they wrote.
"use strict";

{
  const live = document.getElementById("live");

  function replace(old, made) {
    const places = [...old.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
    const held = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(made);
    made.querySelectorAll(".scroll").forEach((part, place) => (part.scrollLeft = places[place] || 0));
    if (held) [...made.querySelectorAll("a")].find((each) => each.getAttribute("href") === held)?.focus();
  }

  function show(html) {
    const parts = [...new DOMParser().parseFromString(html, "text/html").body.children];
    for (const made of parts) {
      const old = document.getElementById(made.id);
      if (!old) live.append(made);
      else if (old.outerHTML !== made.outerHTML) replace(old, made);
    }
    const ids = new Set(parts.map((each) => each.id));
    for (const old of [...live.children]) if (!ids.has(old.id)) old.remove();
  }

  // What steps write ------------------------------------------------------------------------------
  const MOST = 2000; // lines that are kept in the page, of each step
  const TELL_MS = 15000; // how often is said to those who do not see it that there is more
  const words = document.getElementById("run-words");
  let untold = 0;
  let told = 0;

  function atEnd(part) {
    return part.scrollHeight - part.scrollTop - part.clientHeight < 30;
  }

  function toEnd(log) {
    log.scrollTop = log.scrollHeight;
  }

  function adopt(box) {
    const log = box.querySelector("pre");
    const button = box.querySelector("button");
    log.addEventListener("scroll", () => {
      if (atEnd(log)) button.hidden = true;
    });
    button.addEventListener("click", () => {
      toEnd(log);
      log.focus({ preventScroll: true });
    });
    toEnd(log);
  }

  function boxOf(step) {
    const found = [...words.querySelectorAll("[data-step]")].find((each) => each.dataset.step === step);
    if (found) return found;
    const box = document.getElementById("words-of-a-step").content.firstElementChild.cloneNode(true);
    box.dataset.step = step;
    box.querySelector("h3 span").textContent = step;
    box.querySelector("pre").setAttribute("aria-label", `What ${step} wrote`);
    const link = box.querySelector("a");
    link.href = link.getAttribute("href").replace("/log/.txt", `/log/${encodeURIComponent(step)}.txt`);
    document.getElementById("words-status").before(box);
    document.getElementById("no-words")?.remove();
    adopt(box);
    return box;
  }

  function write(part) {
    const box = boxOf(part.step);
    const log = box.querySelector("pre");
    const unfinished = log.lastElementChild;
    const follows = atEnd(log);
    let next = Number(box.dataset.next);
    const said = [];
    for (const line of part.lines) {
      if (line.number < next) continue;
      if (line.number > next) said.push(`… ${(line.number - next).toLocaleString("en")} lines left out …`);
      said.push(line.text);
      next = line.number + 1;
    }
    box.dataset.next = Math.max(next, part.next);
    for (const text of said.slice(-MOST)) unfinished.before(`${text}\n`);
    unfinished.textContent = part.unfinished;
    while (log.childNodes.length > MOST + 1) log.firstChild.remove();
    if (follows) toEnd(log);
    else if (said.length) box.querySelector("button").hidden = false;
    untold += said.length;
  }

  function tell(now) {
    if (!untold || now - told < TELL_MS) return;
    document.getElementById("words-status").textContent = `${untold.toLocaleString("en")} more lines.`;
    untold = 0;
    told = now;
  }

  function grow(piece) {
    piece.words.forEach(write);
    tell(Date.now());
  }

  if (words) words.querySelectorAll("[data-step]").forEach(adopt);

  if (live && live.dataset.stream) {
    const stream = new EventSource(live.dataset.stream);
    stream.addEventListener("shown", (event) => show(JSON.parse(event.data)));
    stream.addEventListener("grown", (event) => grow(JSON.parse(event.data)));
    stream.addEventListener("over", () => stream.close());
    stream.addEventListener("ended", (event) => {
      stream.close();
      const said = document.createElement("p");
      said.id = "stream-ended";
      said.className = "why";
      said.setAttribute("role", "alert");
      said.textContent = `This page is not followed any more: ${JSON.parse(event.data)}.`;
      live.prepend(said);
    });
    window.addEventListener("pagehide", () => stream.close());
  }
}
