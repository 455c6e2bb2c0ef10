// A link to a section unfolds it.
for (const link of document.querySelectorAll('a[href^="#"]')) {
  link.addEventListener("click", () => {
    const section = document.querySelector(link.hash)?.closest("details");
    if (section) section.open = true;
  });
}
