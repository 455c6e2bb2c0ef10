"use strict";
// A click or Enter on a heading sorts its table; a second one turns the order round.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const before = heading.getAttribute("aria-sort");
      const order = before === "descending" ? "ascending" : "descending";
      const sign = order === "descending" ? -1 : 1;
      const value = (row) => row.cells[column].dataset.value;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => sign * value(a).localeCompare(value(b), "en", { numeric: false }));
      if (column > 0) rows.sort((a, b) => sign * (value(a) - value(b)));
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", order);
      table.tBodies[0].append(...rows);
    });
  });
}
// Paper cannot unfold: everything is open while it prints.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) each.open = true;
});
