// A page that goes on: its parts are replaced by those that the server sends, where they differ.
"use strict";

{
  const live = document.getElementById("live");

  function atEnd(part) {
    return part.scrollHeight - part.scrollTop - part.clientHeight < 30;
  }

  function replace(old, made) {
    const places = [...old.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
    const followed = old.querySelector("[data-follow]");
    const follows = !followed || atEnd(followed);
    const top = followed ? followed.scrollTop : 0;
    const held = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(made);
    made.querySelectorAll(".scroll").forEach((part, place) => (part.scrollLeft = places[place] || 0));
    const log = made.querySelector("[data-follow]");
    if (log) log.scrollTop = follows ? log.scrollHeight : top;
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

  if (live && live.dataset.stream) {
    const stream = new EventSource(live.dataset.stream);
    stream.addEventListener("shown", (event) => show(JSON.parse(event.data)));
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
