// A dialog that the page brings open, and buttons that open one in place of leading to a page of their own.
document.querySelector('dialog[data-open]')?.showModal();
for (const dialog of document.querySelectorAll('dialog')) {
  for (const close of dialog.querySelectorAll('[data-close]')) {
    close.addEventListener('click', () => dialog.close());
  }
}
for (const opener of document.querySelectorAll('[data-dialog]')) {
  const dialog = document.getElementById(opener.dataset.dialog);
  opener.addEventListener('click', (event) => {
    if (!dialog) return;
    event.preventDefault();
    for (const [name, value] of Object.entries(opener.dataset)) {
      const field = dialog.querySelector(`[name="${name}"]`);
      if (field) field.value = value;
      const text = dialog.querySelector(`[data-text="${name}"]`);
      if (text) text.textContent = value;
    }
    dialog.showModal();
  });
}
