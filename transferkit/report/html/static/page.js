"use strict";
// A click or Enter on a heading sorts its table; a second one turns the order round.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const before = heading.getAttribute("aria-sort");
      const first = column === 0 ? "ascending" : "descending";
      const second = column === 0 ? "descending" : "ascending";
      const order = before === first ? second : first;
      const value = (row) => row.cells[column].dataset.value;
      const compare = (a, b) =>
        column === 0 ? value(a).localeCompare(value(b)) : value(a) - value(b);
      const rows = [...table.tBodies[0].rows].sort(compare);
      if (order === "descending") rows.reverse();
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
