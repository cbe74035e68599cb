// The protocol number goes to the clipboard.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(button.dataset.copy);
    const status = document.querySelector('[data-copy-status]');
    if (status) status.textContent = 'Copiato negli appunti.';
  });
}
