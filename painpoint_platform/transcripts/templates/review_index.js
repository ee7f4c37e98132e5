// Narrowing the list to calls whose name holds some words.

const filters = document.getElementById("filters");

if (filters) {
  const words = document.getElementById("words");
  const rows = [...document.querySelectorAll("#calls tbody tr")];
  filters.hidden = false;
  filters.addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", () => {
    const terms = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const name = row.cells[0].textContent.toLowerCase();
      row.hidden = !terms.every((term) => name.includes(term));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    document.getElementById("found").value = terms.length ? `${shown} of ${rows.length}` : "";
  });
}
