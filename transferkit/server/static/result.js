// The card of an image: classes as bars; Grad-CAM, similar images and feedback on demand.
import { explain, mark, similar } from "./requests.js";

const MAX_BARS = 5;
const POLL_SECONDS = 2;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

export class Card {
  constructor(file, model, settings) {
    this.file = file;
    this.model = model;
    this.settings = settings;
    const template = document.getElementById("card").content;
    this.element = template.firstElementChild.cloneNode(true);
    this.find(".name").textContent = file.name || "pasted image";
    this.find(".picture").src = URL.createObjectURL(file);
    this.find(".class").textContent = "...";
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  fail(message) {
    this.element.classList.add("failed");
    this.find(".class").textContent = "Not predicted";
    this.find(".verdict-note").textContent = message;
  }

  show(prediction) {
    this.chosen = prediction.class;
    this.find(".picture").alt = this.file.name || "the image";
    this.find(".class").textContent = prediction.class;
    this.find(".unsure").hidden = !prediction.unsure;
    const sorted = Object.entries(prediction.probabilities).sort((a, b) => b[1] - a[1]);
    this.find(".verdict-note").textContent = prediction.unsure
      ? `${percent(prediction.probability)} is less than ${percent(this.settings.threshold)}.`
      : "";
    this.find(".bars").replaceChildren(...sorted.slice(0, MAX_BARS).map((pair) => this.bar(pair)));
    if (sorted.length > MAX_BARS) {
      const rest = document.createElement("li");
      rest.className = "note";
      rest.textContent = `and ${sorted.length - MAX_BARS} less likely classes`;
      this.find(".bars").append(rest);
    }
    this.offerEvidence();
    if (this.settings.feedback) this.offerMark((sorted[1] || sorted[0])[0]);
    if (this.settings.similar) this.offerSimilar();
  }

  // A class is a button that shows Grad-CAM for this class.
  bar([name, share]) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const label = document.createElement("span");
    const value = document.createElement("span");
    button.type = "button";
    button.title = "Show Grad-CAM for this class";
    button.setAttribute("aria-pressed", name === this.chosen);
    label.textContent = name;
    value.textContent = percent(share);
    button.style.setProperty("--share", share);
    button.append(label, value);
    button.addEventListener("click", () => this.choose(name, button));
    item.append(button);
    return item;
  }

  choose(name, button) {
    for (const each of this.element.querySelectorAll(".bars button")) {
      each.setAttribute("aria-pressed", each === button);
    }
    this.chosen = name;
    this.explained = null;
    const range = this.find(".evidence input");
    if (!Number(range.value)) range.value = 70;
    this.blend();
  }

  offerEvidence() {
    this.find(".evidence").hidden = false;
    this.find(".evidence input").addEventListener("input", () => this.blend());
  }

  // The first use of the slider requests the overlay; the slider sets its opacity.
  async blend() {
    const overlay = this.find(".overlay");
    const share = Number(this.find(".evidence input").value) / 100;
    overlay.style.opacity = share;
    if (!share || this.explained) return;
    const wanted = this.chosen;
    this.explained = wanted;
    try {
      const answer = await explain(this.model, this.file, wanted);
      if (this.explained !== wanted) return;
      this.find(".picture").src = answer.picture;
      overlay.src = answer.overlay;
      overlay.alt = `Grad-CAM for ${wanted}`;
      overlay.hidden = !answer.overlay;
      if (!answer.overlay) this.find(".verdict-note").textContent = "Grad-CAM cannot be computed for this network.";
    } catch (error) {
      this.explained = null;
      this.find(".verdict-note").textContent = error.message;
    }
  }

  // The second likeliest class is preselected as the true one.
  offerMark(second) {
    const form = this.find(".mark");
    const select = form.querySelector("select");
    const saved = form.querySelector(".saved");
    // With a value of its own: that of the text alone has its spaces collapsed.
    for (const name of this.settings.models[this.model]) select.add(new Option(name, name));
    select.value = second;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const answer = await mark(this.model, this.file, select.value);
        saved.textContent = `Saved as ${answer.label}.`;
      } catch (error) {
        saved.textContent = error.message;
      }
    });
  }

  offerSimilar() {
    const details = this.find(".similar");
    details.hidden = false;
    details.addEventListener("toggle", () => {
      if (details.open && !this.asked) {
        this.asked = true;
        this.showSimilar(details);
      }
    });
  }

  async showSimilar(details) {
    const note = details.querySelector(".note");
    note.textContent = "Searching ...";
    try {
      let answer = await similar(this.model, this.file);
      while (answer.state === "preparing") {
        note.textContent = "Computing the features of the training images ...";
        await new Promise((resolve) => setTimeout(resolve, 1000 * POLL_SECONDS));
        answer = await similar(this.model, this.file);
      }
      note.textContent = answer.reason;
      details.querySelector(".gallery").replaceChildren(...answer.images.map(likeness));
    } catch (error) {
      note.textContent = error.message;
      this.asked = false;
    }
  }
}

function likeness(image) {
  const item = document.createElement("li");
  const picture = document.createElement("img");
  const caption = document.createElement("p");
  const label = document.createElement("b");
  const share = document.createElement("span");
  picture.src = image.picture;
  picture.alt = image.label;
  label.textContent = image.label;
  share.className = "probability";
  share.textContent = image.similarity.toFixed(2);
  caption.append(label, share);
  item.append(picture, caption);
  return item;
}
