// Every picture inside of an element with data-enlarge is a button that opens it large, with the
// text beside it. The arrow keys turn to its neighbours in the section; Escape or a click closes.
{
  const pictures = [...document.querySelectorAll("[data-enlarge] img")];
  const make = (name, properties) => Object.assign(document.createElement(name), properties);
  const dialog = make("dialog", { className: "enlarged", ariaLabel: "Enlarged picture" });
  const large = make("img", {});
  const words = make("div", {});
  let shown = null;
  const show = (picture) => {
    shown = picture;
    large.src = picture.src;
    large.alt = picture.alt;
    const beside = [...picture.closest("li, figure").querySelectorAll("p, figcaption")];
    const copies = beside.filter((each) => !each.matches(".path")).map((each) => each.cloneNode(true));
    words.replaceChildren(...copies, make("p", { className: "path", textContent: picture.title }));
  };
  const turn = (step) => {
    const near = pictures.filter((each) => each.closest("section") === shown.closest("section"));
    show(near[(near.indexOf(shown) + step + near.length) % near.length]);
  };
  for (const picture of pictures) {
    const button = make("button", { type: "button", className: "enlarge" });
    button.ariaLabel = `Enlarge ${picture.alt}`;
    picture.replaceWith(button);
    button.append(picture);
    button.addEventListener("click", () => {
      show(picture);
      dialog.showModal();
    });
  }
  dialog.append(large, words, make("button", { type: "button", textContent: "Close" }));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => shown.parentElement.focus());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });
  if (pictures.length) document.body.append(dialog);
}
