// Two minutes before the session ends the page says so. When it is over, the page keeps what was typed
// until its person has signed in again in another tab: nothing has to be restored, because nothing is left.
const WARN = 120;
let ends = Infinity;
let timer;

const dialog = () => document.getElementById("session");

function plan(seconds) {
  ends = Date.now() + seconds * 1000;
  clearTimeout(timer);
  const wait = seconds > WARN ? seconds - WARN : seconds + 1;
  timer = setTimeout(look, Math.min(wait, 86400) * 1000);
}

// Asks, because another tab may have stayed signed in, or signed out.
async function look(method = "GET") {
  const box = dialog();
  if (!box) return;
  let answer;
  try {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    answer = await (await fetch(box.dataset.url, { method, headers })).json();
  } catch {
    timer = setTimeout(look, 30_000);
    return;
  }
  if (answer.person && String(answer.person) !== box.dataset.person) {
    location.reload();
    return;
  }
  // A sign-in in another tab made a new token; the forms of this page take it over.
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = answer.token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "x-csrftoken": answer.token }));
  if (answer.seconds) plan(answer.seconds);
  else ends = 0;
  show(box, answer.seconds);
}

function show(box, seconds) {
  if (seconds > WARN) {
    box.close();
    return;
  }
  const state = seconds ? "ending" : "over";
  for (const part of box.querySelectorAll("[data-ending]")) part.textContent = part.dataset[state];
  for (const part of box.querySelectorAll("[data-in]")) part.hidden = part.dataset.in !== state;
  if (state === "over" && ![...document.querySelectorAll("main :is(input, select, textarea)")].some(isTyped)) {
    // Nothing would be lost here, so the sign-in may lead straight back.
    const link = box.querySelector("a");
    link.removeAttribute("target");
    link.search = new URLSearchParams({ next: location.pathname + location.search });
    link.lastElementChild.textContent = "";
    box.querySelector("p").textContent = "Sign in again to go on.";
  }
  if (!box.open) box.showModal();
}

function isTyped(field) {
  if (field.type === "hidden") return false;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
}

// A form is not sent in vain
function hold(event) {
  if (Date.now() < ends || event.target.method === "get") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  look();
}
document.addEventListener("submit", hold, true);

// The session ended otherwise: signed out elsewhere, or the password was changed
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) look();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#session [data-stay]")) look("POST");
  if (event.target.closest("#session [data-close]")) dialog().close();
});
function back() {
  if (!document.hidden && Date.now() > ends - WARN * 1000) look();
}
document.addEventListener("visibilitychange", back);
window.addEventListener("focus", back);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt === document.body) start();
});

function start() {
  const box = dialog();
  if (box) plan(box.dataset.ends - box.dataset.now);
}
start();
