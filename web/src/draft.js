// What one writes is kept on the server meanwhile; a session that ran out keeps it as well, and says that it did.
const form = document.querySelector('form[data-draft]');
if (form) {
  const status = document.querySelector('[data-draft-status]');
  let timer;
  let kept = '';
  const read = () => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value);
    return fields;
  };
  const keep = async () => {
    const fields = read();
    if (form.dataset.sent || fields.toString() === kept) return;
    const answer = await fetch(form.dataset.draft, {
      method: 'POST',
      body: fields,
      headers: { accept: 'application/json' },
      redirect: 'manual',
    }).catch(() => null);
    if (!answer?.ok) return;
    kept = fields.toString();
    document.dispatchEvent(new Event('usciere:alive'));
    if (status) status.textContent = `Bozza salvata alle ${new Date().toLocaleTimeString('it-IT', { hour: '2-digit', minute: '2-digit' })}`;
  };
  kept = read().toString();
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 2000);
  });
  addEventListener('pagehide', () => {
    const fields = read();
    if (!form.dataset.sent && fields.toString() !== kept) navigator.sendBeacon(form.dataset.draft, fields);
  });
}
