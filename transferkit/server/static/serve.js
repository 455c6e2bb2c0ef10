// The page: sends images to the server, and shows a card with the result of each.
import { Card } from "./result.js";
import { predict } from "./requests.js";

const settings = JSON.parse(document.querySelector(".intake").dataset.settings);
const byId = (id) => document.getElementById(id);
const drop = byId("drop");
const list = document.querySelector(".cards");

function say(text, problem = "") {
  byId("status").textContent = text;
  byId("problem").textContent = problem;
}

async function take(files) {
  const images = files.filter((file) => file.size <= settings.maxBytes);
  const left = files.length - images.length;
  const refused = left ? `${left} of ${files.length} files are larger than the limit of the server.` : "";
  if (!images.length) {
    say("", refused || "There is no image to predict.");
    return;
  }
  say(images.length === 1 ? "Predicting ..." : `Predicting ${images.length} images ...`, refused);
  byId("results").hidden = false;
  const model = byId("model").value;
  const cards = images.map((file) => new Card(file, model, settings));
  list.prepend(...cards.map((card) => card.element));
  const problems = await Promise.all(cards.map((card) => show(card)));
  say(images.length === 1 ? "" : `${images.length} images.`, problems.find(Boolean) || refused);
  cards[0].element.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

// One request per image; the server puts concurrent requests into one batch.
async function show(card) {
  try {
    card.show(await predict(card.model, card.file));
    return "";
  } catch (error) {
    card.fail(error.message);
    return error.message;
  }
}

// Files of a drop or of the clipboard.
const filesOf = (transfer) => (transfer ? [...transfer.files] : []);

function choose(input) {
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
}

choose(byId("files"));
choose(byId("camera"));
byId("choose").addEventListener("click", () => byId("files").click());
byId("photograph").addEventListener("click", () => byId("camera").click());
byId("clear").addEventListener("click", () => {
  list.replaceChildren();
  byId("results").hidden = true;
  say("");
  byId("choose").focus();
});
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over-it");
  });
}
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over-it");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over-it");
  take(filesOf(event.dataTransfer));
});
addEventListener("paste", (event) => {
  const files = filesOf(event.clipboardData);
  if (files.length) {
    event.preventDefault();
    take(files);
  }
});
