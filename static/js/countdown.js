// What is left until a stated moment, beside it. Without this file the moment itself is enough.
function tick() {
  for (const element of document.querySelectorAll("[data-countdown]")) {
    const left = Math.max(0, Math.round((Date.parse(element.dataset.countdown) - Date.now()) / 1000));
    const text = left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left` : "over";
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("is-short", left < 120);
  }
}
setInterval(tick, 500);
document.addEventListener("htmx:afterSettle", tick);
tick();
