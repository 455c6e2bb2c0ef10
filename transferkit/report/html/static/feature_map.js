// The map of the images: the dot nearest the pointer, or the arrow keys, shows its picture.
for (const map of document.querySelectorAll("[data-feature-map]")) {
  const plane = map.querySelector(".plane");
  const card = map.querySelector(".pointed");
  const picture = card.querySelector(".tile");
  const text = card.querySelector("p");
  const columns = Number(map.style.getPropertyValue("--columns"));
  const rows = Number(map.style.getPropertyValue("--rows"));
  const share = (place, of) => (of > 1 ? (100 * place) / (of - 1) : 0) + "%";
  const circles = [...plane.querySelectorAll("circle")];
  const dots = circles.filter((circle) => !circle.matches(".ring")).map((circle) => {
    const title = circle.querySelector("title");
    const says = title.textContent;
    title.remove(); // or the browser shows it too
    return { circle, says, x: circle.cx.baseVal.value, y: circle.cy.baseVal.value };
  });
  let at = null;
  const show = (dot) => {
    if (at === dot) return;
    if (at) at.circle.classList.remove("at");
    at = dot;
    card.hidden = !dot;
    if (!dot) return;
    dot.circle.classList.add("at");
    text.textContent = dot.says;
    const tile = Number(dot.circle.dataset.tile ?? -1);
    if (picture) {
      picture.hidden = tile < 0;
      const row = Math.floor(tile / columns);
      picture.style.backgroundPosition = share(tile % columns, columns) + " " + share(row, rows);
    }
    const frame = plane.getBoundingClientRect();
    const spot = dot.circle.getBoundingClientRect();
    const [x, y] = [spot.left - frame.left, spot.top - frame.top];
    const right = Math.min(x + spot.width + 8, frame.width - card.offsetWidth);
    const below = y + spot.height + 8;
    card.style.left = Math.max(0, right) + "px";
    card.style.top = (y > frame.height / 2 ? y - card.offsetHeight - 8 : below) + "px";
  };
  // Of all dots that are shown, the one for which `far` of the way there is least, if any is.
  const nearest = (x, y, far) => {
    const shown = dots.filter((dot) => !map.classList.contains("chosen") || dot.circle.matches(".on"));
    let [best, least] = [null, Infinity];
    for (const dot of shown) {
      const distance = far(dot.x - x, dot.y - y);
      if (distance < least) [best, least] = [dot, distance];
    }
    return best;
  };
  plane.addEventListener("pointermove", (event) => {
    const svg = plane.querySelector("svg");
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const reach = 14 / svg.getScreenCTM().a; // 14 pixels
    show(nearest(spot.x, spot.y, (x, y) => (Math.hypot(x, y) < reach ? Math.hypot(x, y) : Infinity)));
  });
  plane.addEventListener("pointerleave", () => show(null));
  plane.addEventListener("blur", () => show(null));
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  plane.addEventListener("keydown", (event) => {
    const way = ways[event.key];
    if (event.key === "Escape") show(null);
    if (!way) return;
    event.preventDefault();
    const from = at ?? { x: 0, y: 0 };
    // Sideways counts double, so that it goes where the key points.
    const far = (x, y) => {
      const ahead = x * way[0] + y * way[1];
      return ahead > 0 ? ahead + 2 * Math.abs(x * way[1] + y * way[0]) : Infinity;
    };
    const next = at ? nearest(from.x, from.y, far) : nearest(0, 0, Math.hypot);
    if (next) show(next);
  });
  const buttons = [...map.querySelectorAll(".classes button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button && pressed));
      map.classList.toggle("chosen", pressed);
      const colour = button.classList[0];
      for (const each of circles) each.classList.toggle("on", each.classList.contains(colour));
      show(null);
    });
  }
}
