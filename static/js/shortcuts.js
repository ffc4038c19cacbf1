// Single keys, never inside a field, and off where the person switched them off.
const places = { h: "/", n: "/numbers/", s: "/sync/" };
let waitingForPlace = 0;

function isTyping(element) {
  return element.closest("input, select, textarea, [contenteditable]") !== null;
}

function rows() {
  return [...document.querySelectorAll("tbody tr [data-row-link]")];
}

function move(step) {
  const links = rows();
  if (!links.length) return;
  const row = document.activeElement?.closest("tr");
  const current = links.findIndex((link) => link.closest("tr") === row);
  links[Math.min(Math.max(current + step, 0), links.length - 1)].focus();
}

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.shortcuts === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (waitingForPlace && Date.now() - waitingForPlace < 1500 && places[event.key]) {
    waitingForPlace = 0;
    location.assign(places[event.key]);
    return;
  }
  waitingForPlace = 0;
  switch (event.key) {
    case "/":
      event.preventDefault();
      document.getElementById("search")?.focus();
      break;
    case "?":
      location.assign("/help/");
      break;
    case "g":
      waitingForPlace = Date.now();
      break;
    case "j":
      move(1);
      break;
    case "k":
      move(-1);
      break;
  }
});
