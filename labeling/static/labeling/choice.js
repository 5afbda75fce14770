/* "Save" with nothing chosen is an answer too, and says so. */
const isNothing = () => !document.querySelector("#answer :checked, #answer [name=span_class][type=hidden]");
function nameSave() {
  const save = document.querySelector(".other [data-enter]");
  if (!save?.firstChild) return;
  save.dataset.name ??= save.firstChild.textContent;
  save.firstChild.textContent = isNothing() ? `${save.dataset.none} ` : save.dataset.name;
}
for (const moment of ["change", "desk:shown", "spans:changed"]) document.addEventListener(moment, nameSave);
nameSave();
