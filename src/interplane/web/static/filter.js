// Rows of a table that have all of some words, as they are typed.
"use strict";

for (const input of document.querySelectorAll("input.filter[data-rows]")) {
  const table = document.getElementById(input.dataset.rows);
  const count = document.querySelector(`[data-count="${input.dataset.rows}"]`);
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    if (count) count.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });
}
