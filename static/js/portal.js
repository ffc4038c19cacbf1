// Everything works without this file; it saves clicks. No inline handlers: the CSP forbids them.
import "./shortcuts.js";

function announce(text) {
  const region = document.getElementById("announcements");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = text));
}

// A navigation longer than the screen shows where one is; scrollIntoView would have the next Tab begin there
function showPlace() {
  const here = document.querySelector(".nav [aria-current]");
  if (here) here.closest(".nav__inner").scrollTop = here.offsetTop - innerHeight / 2;
}
showPlace();

// Copy buttons
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-copied");
    announce("Copied");
    setTimeout(() => button.classList.remove("is-copied"), 1500);
  } catch {
    toast("The browser did not let us copy. Select the text and copy it by hand.");
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// Menus close when the person turns to something else
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A list whose rows can be ticked
const boxes = () => [...document.querySelectorAll('input[name="sid"][form="selection"]')];
function showPicked() {
  const form = document.getElementById("selection");
  if (!form) return;
  const rows = boxes();
  const picked = rows.filter((box) => box.checked).length;
  form.querySelector("[data-selected]").textContent = `${picked} ticked`;
  const head = document.querySelector("[data-pick-all]");
  head.hidden = false;
  head.checked = picked > 0 && picked === rows.length;
  head.indeterminate = picked > 0 && picked < rows.length;
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = event.target.checked;
  showPicked();
});
showPicked();

// A form is sent once; the server refuses a second sending anyway. Refused before htmx hears of it, which
// would send it again after the first.
document.addEventListener(
  "submit",
  (event) => {
    if (event.target.getAttribute("aria-busy") !== "true") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") event.target.setAttribute("aria-busy", "true");
});
function release() {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
}
window.addEventListener("pageshow", release);

function showsFaults(region) {
  const summary = region.querySelector?.("[data-error-summary]");
  summary?.focus();
  if (summary && !document.title.startsWith("Error: ")) document.title = `Error: ${document.title}`;
  return summary;
}
showsFaults(document);

// After a part of the page was replaced: the error summary or the new heading gets the focus
document.addEventListener("htmx:afterSettle", (event) => {
  showPicked();
  release();
  const region = event.detail.elt;
  if (!showsFaults(region) && region === document.body) {
    showPlace();
    window.scrollTo(0, 0); // another page: what is said above its heading is to be seen
    document.querySelector("h1")?.focus({ preventScroll: true });
  }
  const outcome = region.matches?.("[data-announce]") ? region : region.querySelector?.("[data-announce]");
  if (outcome) announce(outcome.dataset.announce);
});

function toast(text) {
  const item = document.createElement("p");
  item.className = "toast";
  item.textContent = text;
  document.getElementById("toasts")?.append(item);
  setTimeout(() => item.remove(), 8000);
}
document.addEventListener("htmx:responseError", (event) => {
  release();
  const status = event.detail.xhr.status;
  if (status === 401) return; // session.js asks for the sign-in
  if (status === 403) toast("You may not do this. Somebody with another role can.");
  else if (status === 503) toast("The database is away for a moment. Try again in a few seconds.");
  else toast(`Numberdesk could not do this (HTTP ${status}). Nothing that you typed is lost.`);
});
document.addEventListener("htmx:sendError", () => {
  release();
  toast("Numberdesk cannot be reached. Nothing that you typed is lost.");
});

// A filter form leaves what is empty out of the URL
function leaveOutEmpty(method, formData) {
  if (method !== "get") return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
}
document.addEventListener("formdata", ({ target, formData }) => leaveOutEmpty(target.method, formData));
document.addEventListener("htmx:configRequest", ({ detail }) => leaveOutEmpty(detail.verb, detail.formData));
