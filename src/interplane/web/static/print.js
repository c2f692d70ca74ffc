// A button that prints the page; hidden where no script is.
"use strict";

{
  const button = document.getElementById("print");
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
