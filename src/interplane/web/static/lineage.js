// A picture of lineage that is wider than its frame begins with the thing itself in the middle.
"use strict";

for (const focus of document.querySelectorAll(".graph .box.it")) {
  const frame = focus.closest(".scroll");
  const [at, around] = [focus.getBoundingClientRect(), frame.getBoundingClientRect()];
  frame.scrollLeft += at.left + at.width / 2 - around.left - around.width / 2;
}
