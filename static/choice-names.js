// The admin's boxes for choosing by typing have no name for screen readers: give each the one of its label.
django.jQuery(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const box = select.nextElementSibling?.querySelector(".select2-selection");
    if (!label || !box) continue;
    label.id ||= `${select.id}_label`;
    const chosen = box.querySelector(".select2-selection__rendered");
    chosen.setAttribute("aria-labelledby", label.id);
    box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    django.jQuery(select).on("select2:open", () => {
      document.querySelector(".select2-search__field").setAttribute("aria-labelledby", label.id);
    });
  }
});
