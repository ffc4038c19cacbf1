// Says how large a chosen file is, and how much of it has been sent. Forms work without it.
let box, sent;
const say = (words) => (box.querySelector("[data-file-chosen]").textContent = words);

document.addEventListener("change", ({ target }) => {
  if (target.type !== "file" || !target.closest(".file")) return;
  box = target.closest(".file");
  const [file] = target.files, most = target.dataset.mostBytes;
  const size = file && `${Math.ceil(file.size / 1024)} KB`;
  say(!file ? "" : file.size > most ? `${size}: it must be smaller than ${most / 1048576} MB` : size);
});

// After the last byte the same event tells of the answer.
document.addEventListener("htmx:xhr:loadstart", () => (sent = 0));
document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  if (!target.contains(box) || sent === 1 || !detail.lengthComputable) return;
  sent = detail.loaded / detail.total;
  Object.assign(box.querySelector("progress"), { hidden: false, value: sent });
  say(sent < 1 ? `${Math.round(100 * sent)} % sent` : "Sent. It is being checked");
});
