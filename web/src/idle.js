// Five minutes before the session ends, a dialog says so and offers to stay (WCAG 2.2.1).
const dialog = document.getElementById('inattivita');
const idle = Number(document.body.dataset.idle);
if (dialog && idle > 0) {
  const lead = 300;
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dialog.showModal(), (idle - lead) * 1000);
  };
  dialog.querySelector('[data-stay]').addEventListener('click', async () => {
    dialog.close();
    const answer = await fetch('/resta', {
      method: 'POST',
      headers: { accept: 'application/json' },
      redirect: 'manual',
    }).catch(() => null);
    if (answer?.ok) wait();
    else location.reload();
  });
  document.addEventListener('usciere:alive', wait);
  wait();
}
