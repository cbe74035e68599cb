{
document.documentElement.classList.add('scripted');
document.querySelector('[data-focus]')?.focus();
}
{
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
}
{
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
  });
}
addEventListener('pageshow', (event) => {
  if (event.persisted) for (const form of document.forms) delete form.dataset.sent;
});

for (const area of document.querySelectorAll('textarea[data-count]')) {
  const most = Number(area.dataset.count);
  const line = document.createElement('p');
  line.className = 'form-text';
  const spoken = document.createElement('p');
  spoken.className = 'visually-hidden';
  spoken.setAttribute('role', 'status');
  area.after(line, spoken);
  const tell = () => {
    const left = most - [...area.value].length;
    line.textContent = left >= 0 ? `Caratteri disponibili: ${left}` : `Caratteri in eccesso: ${-left}`;
    if (left <= 100 && left % 20 === 0) spoken.textContent = line.textContent;
  };
  area.addEventListener('input', tell);
  tell();
}
for (const part of document.querySelectorAll('[data-when]')) {
  const [name, values] = part.dataset.when.split('=');
  const wanted = values.split(' ');
  const look = () => {
    const chosen = document.querySelector(`input[name="${name}"]:checked, select[name="${name}"]`);
    part.hidden = !chosen || !wanted.includes(chosen.value);
  };
  document.addEventListener('change', look);
  look();
}
}
{
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
}
{
const KINDS = ['gif', 'jpg', 'jpeg', 'pdf', 'tif', 'tiff', 'txt'];
const MOST = 6 * 1024 * 1024;
for (const input of document.querySelectorAll('input[type=file][data-check]')) {
  const line = document.createElement('p');
  line.className = 'field-error';
  line.setAttribute('role', 'alert');
  input.after(line);
  input.addEventListener('change', () => {
    line.textContent = '';
    for (const file of input.files) {
      const kind = file.name.split('.').pop().toLowerCase();
      if (!KINDS.includes(kind)) line.textContent = 'Formato non ammesso: usa gif, jpg, pdf, tiff o txt.';
      else if (file.size > MOST) line.textContent = `Il file «${file.name}» supera 6 MB.`;
      else if (file.size === 0) line.textContent = 'File vuoto.';
      if (line.textContent) {
        input.value = '';
        return;
      }
    }
    const attach = input.form?.querySelector('[data-attach]');
    if (attach && input.files.length > 0) attach.click();
  });
}
}
{
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
}
{
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

for (const select of document.querySelectorAll('select[data-combobox]')) enhance(select);

function enhance(select) {
  const box = document.createElement('div');
  box.className = 'combobox';
  const input = document.createElement('input');
  const list = document.createElement('ul');
  const status = document.createElement('p');
  const id = select.id;
  Object.assign(input, { type: 'text', className: 'form-control', autocomplete: 'off' });
  for (const [name, value] of Object.entries({
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
    'aria-controls': `${id}-lista`,
  })) input.setAttribute(name, value);
  for (const name of ['aria-describedby', 'aria-invalid']) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  Object.assign(list, { id: `${id}-lista`, hidden: true });
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', document.querySelector(`label[for="${id}"]`).textContent);
  status.className = 'visually-hidden';
  status.setAttribute('role', 'status');
  select.before(box);
  box.append(input, list, status, select);
  select.hidden = true;
  select.id = `${id}-scelta`;
  input.id = id;
  const label = () => (select.value ? select.selectedOptions[0].textContent : '');
  input.value = label();
  let active = -1;

  const fits = () => {
    const reason = document.querySelector(`input[name="${select.dataset.of}"]:checked`)?.value;
    const words = plain(input.value === label() ? '' : input.value).split(/\s+/).filter(Boolean);
    return [...select.options].filter((option) => {
      if (!option.value || (reason && !option.dataset.reasons.split(' ').includes(reason))) return false;
      const text = plain(`${option.textContent} ${option.dataset.keywords}`);
      return words.every((word) => text.includes(word));
    });
  };
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = (index) => {
    const entries = [...list.children];
    if (entries.length === 0) return;
    active = (index + entries.length) % entries.length;
    entries.forEach((entry, at) => entry.setAttribute('aria-selected', String(at === active)));
    input.setAttribute('aria-activedescendant', entries[active].id);
    entries[active].scrollIntoView({ block: 'nearest' });
  };
  const choose = (value) => {
    select.value = value;
    input.value = label();
    select.dispatchEvent(new Event('input', { bubbles: true }));
    close();
  };
  const open = () => {
    const found = fits();
    list.replaceChildren(
      ...found.map((option, at) => {
        const entry = document.createElement('li');
        Object.assign(entry, { id: `${id}-voce-${at}`, textContent: option.textContent });
        entry.dataset.value = option.value;
        entry.setAttribute('role', 'option');
        entry.setAttribute('aria-selected', 'false');
        return entry;
      }),
    );
    active = -1;
    input.removeAttribute('aria-activedescendant');
    list.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(found.length > 0));
    status.textContent = found.length === 1 ? '1 argomento trovato' : `${found.length} argomenti trovati`;
  };
  input.addEventListener('input', () => {
    select.value = '';
    open();
  });
  input.addEventListener('click', open);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) open();
      mark(active + (event.key === 'ArrowDown' ? 1 : active < 0 ? 0 : -1));
    } else if (event.key === 'Enter' && !list.hidden && active >= 0) {
      event.preventDefault();
      choose(list.children[active].dataset.value);
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  list.addEventListener('mousedown', (event) => {
    const entry = event.target.closest('[role=option]');
    if (!entry) return;
    event.preventDefault();
    choose(entry.dataset.value);
  });
  input.addEventListener('blur', () => {
    close();
    const typed = plain(input.value.trim());
    if (!select.value && typed) {
      const same = [...select.options].find((option) => plain(option.textContent.trim()) === typed);
      if (same) choose(same.value);
    }
  });
  document.addEventListener('change', (event) => {
    if (event.target.name !== select.dataset.of || !select.value) return;
    if (!select.selectedOptions[0].dataset.reasons.split(' ').includes(event.target.value)) {
      select.value = '';
      input.value = '';
    }
  });
}
}
{
for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(button.dataset.copy);
    const status = document.querySelector('[data-copy-status]');
    if (status) status.textContent = 'Copiato negli appunti.';
  });
}
}
{
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
}
{
const quick = document.querySelector('form[data-quick]');
if (quick) {
  const [criterion, value] = [quick.elements.per, quick.elements.valore];
  const lists = { oggetto: '#oggetto', stato: '#stato' };
  for (const [name, source] of Object.entries(lists)) {
    const list = document.createElement('datalist');
    list.id = `elenco-${name}`;
    for (const option of document.querySelectorAll(`${source} option[value]:not([value=""])`)) {
      list.append(new Option('', option.textContent));
    }
    quick.append(list);
  }
  const fit = () => {
    value.type = criterion.value === 'data' ? 'date' : 'text';
    if (lists[criterion.value]) value.setAttribute('list', `elenco-${criterion.value}`);
    else value.removeAttribute('list');
  };
  criterion.addEventListener('change', () => {
    value.value = '';
    fit();
  });
  if (!value.value) fit();
}
}
