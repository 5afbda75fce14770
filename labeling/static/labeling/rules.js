/* The rule of the class at hand: data-card="…" brings the card of this class into view. */
for (const moment of ["pointerover", "focusin", "change", "click"]) {
  document.addEventListener(moment, (event) => {
    const id = event.target.closest?.("[data-card]")?.dataset.card;
    const card = id && document.getElementById(`card-${id}`);
    if (!card || card.classList.contains("is-current")) return;
    document.querySelector(".card.is-current")?.classList.remove("is-current");
    card.classList.add("is-current");
    const rules = card.closest(".rule");
    if (rules.scrollHeight > rules.clientHeight) rules.scrollTop = card.offsetTop - rules.offsetTop - 24;
  });
}
