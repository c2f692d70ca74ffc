// What pages can do more with a script: sign in by the printed address, sort tables, find with a key.
"use strict";

// The address that is printed at the start holds the token behind #: browsers do not send that.
const form = document.getElementById("sign-in");
if (form && location.hash.startsWith("#ipt_")) {
  document.getElementById("token").value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  form.requestSubmit();
}

// A click, or Enter, on a heading sorts its table.
function key(cell) {
  const time = cell.querySelector("time");
  if (time) return time.dateTime;
  const text = cell.innerText.trim();
  const number = Number(text.replaceAll(",", "").split(/[\s–]/)[0]);
  return text !== "" && !Number.isNaN(number) ? number : text.toLowerCase();
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, place) => {
    const button = document.createElement("button");
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => [key(row.cells[place]), row]);
      rows.sort(([a], [b]) => {
        const order = typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

// A heat map that is wider than its frame begins with what is newest.
for (const heat of document.querySelectorAll(".scroll > .heat")) {
  heat.parentElement.scrollLeft = heat.offsetWidth;
}

// "/" goes to the field that finds.
document.addEventListener("keydown", (event) => {
  const find = document.getElementById("find");
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && find && !typing) {
    event.preventDefault();
    find.focus();
  }
});
