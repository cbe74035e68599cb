// New replies are told of without moving what one reads.
const notice = document.querySelector('[data-live]');
if (notice) {
  const events = new EventSource(notice.dataset.live);
  let count = 0;
  events.addEventListener('reply', () => {
    count += 1;
    const link = document.createElement('a');
    link.href = location.href;
    link.textContent = 'Aggiorna elenco';
    const text = count === 1 ? '1 nuova risposta – ' : `${count} nuove risposte – `;
    notice.replaceChildren(text, link);
    notice.hidden = false;
  });
  addEventListener('pagehide', () => events.close());
}
