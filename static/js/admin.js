// The search boxes of Django's autocomplete fields have no name: give them that of their field.
const nameBoxes = () => {
  for (const box of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
    const label = box.closest(".form-row")?.querySelector("label");
    box.setAttribute("aria-label", label ? label.textContent.trim().replace(/:$/, "") : "Search");
  }
};
new MutationObserver(nameBoxes).observe(document.body, { childList: true, subtree: true });
nameBoxes();
