// Single keys, never inside a field, and off where the person switched them off.
const places = { h: "/", n: "/numbers/", s: "/sync/" };
let waitingForPlace = 0;

function move(step) {
  const links = [...document.querySelectorAll("tbody tr [data-row-link]")];
  if (!links.length) return;
  const row = document.activeElement?.closest("tr");
  const current = links.findIndex((link) => link.closest("tr") === row);
  links[Math.min(Math.max(current + step, 0), links.length - 1)].focus();
}

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.shortcuts === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (waitingForPlace && Date.now() - waitingForPlace < 1500 && places[event.key]) {
    waitingForPlace = 0;
    location.assign(places[event.key]);
    return;
  }
  waitingForPlace = 0;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (event.key === "?") location.assign("/help/");
  else if (event.key === "g") waitingForPlace = Date.now();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
});
