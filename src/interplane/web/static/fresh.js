// A page that is open says when somebody else changed what answers, or said something to an alert. It
// asks now and then rather than holding a connection: browsers have six of them for all their tabs.
"use strict";

{
  const EVERY_MS = 3000;
  const main = document.getElementById("main");
  let first = null;
  let asking = false;

  function say(latest) {
    const old = document.getElementById("out-of-date");
    const box = document.createElement("p");
    box.id = "out-of-date";
    box.className = "notice";
    box.setAttribute("role", "status");
    const said = latest.who ? `${latest.who}: ${latest.said}` : "Something changed";
    box.append(document.createTextNode(`${said}. This page is as it was before. `));
    const link = document.createElement("a");
    link.href = location.pathname + location.search;
    link.textContent = "Show it as it is now";
    box.append(link);
    if (old) old.replaceWith(box);
    else main.prepend(box);
  }

  async function ask() {
    if (asking || document.visibilityState !== "visible") return;
    asking = true;
    try {
      const answer = await fetch("/latest.json", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const latest = await answer.json();
      if (first === null) first = latest.moment;
      else if (latest.moment !== first) {
        first = latest.moment;
        say(latest);
      }
    } catch {
      // The pages are not there for the moment; it is asked again.
    } finally {
      asking = false;
    }
  }

  if (main) {
    ask();
    setInterval(ask, EVERY_MS);
    document.addEventListener("visibilitychange", ask);
  }
}
