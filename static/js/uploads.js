// Says how large a chosen file is, and how much of it has been sent. Forms work without it.
const chosen = (element) => element?.closest?.("form, .file")?.querySelector("[data-file-chosen]");

document.addEventListener("change", ({ target }) => {
  const said = target.type === "file" && chosen(target.closest(".file"));
  if (!said) return;
  const [file] = target.files, most = target.dataset.mostBytes;
  const size = (bytes) => bytes < 1e6 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
  said.textContent = !file ? "" : size(file.size) + (file.size > most ? `: it must be smaller than ${most / 1048576} MB` : "");
});

document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  const said = chosen(target);
  if (said && detail.lengthComputable) said.textContent = `${Math.round((100 * detail.loaded) / detail.total)} % sent`;
});
