// @ts-check
/* What is shown once: <input readonly data-copy="Copy" data-copied="Copied"> gets a button that copies it. */
for (const input of document.querySelectorAll("input[data-copy]")) {
  input.addEventListener("focus", () => input.select());
  if (!navigator.clipboard) continue; // without TLS; selecting it by hand works
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = input.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(input.value);
    button.textContent = input.dataset.copied;
  });
  input.after(button);
}
